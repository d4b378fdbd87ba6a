/* The array machine: runs the plain formulas of the losses, once traced, on pieces of rows that stay in the first cache.
 *
 * A program is a list of instructions on registers. A register is a pointer to CHUNK doubles: a piece of an input, read
 * in place; a constant, one number with step 0; or scratch. `run` walks over the rows piece by piece and every
 * instruction is one loop that the compiler turns into vector code. Elementary functions are written as branchless
 * arithmetic for that reason; they are right to about one unit in the last place, infinities and NaN included.
 *
 * Sums are taken in a fixed order: in lanes within a piece, then piece after piece with the rounding error kept.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define CHUNK 512 /* numbers a piece holds; a wider row is a piece of its own, up to WIDEST */
#define WIDEST 32768
#define STREAMED 65536 /* numbers of an output that is large beside the caches */
#define LINE 64 /* bytes that come from memory at a time */
#define REGISTERS 256

#if defined(__x86_64__) && defined(__gnu_linux__) && (__GNUC__ >= 11 || __clang_major__ >= 16)
#define ONE_FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ONE_FOR_EACH_PROCESSOR
#endif
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#define FETCH(place) __builtin_prefetch(place)
#else
#define INLINE static inline
#define FETCH(place)
#endif

/* ── elementary functions ───────────────────────────────────────────────────────────────────────────────────────── */

INLINE uint64_t bits(double x) { uint64_t u; memcpy(&u, &x, 8); return u; }
INLINE double number(uint64_t u) { double x; memcpy(&x, &u, 8); return x; }
INLINE double larger(double a, double b) { double m = a > b ? a : b; return a != a ? a : m; }
INLINE double smaller(double a, double b) { double m = a < b ? a : b; return a != a ? a : m; }

#define LN2 6.93147180559945309417e-01
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define ROUNDER 6755399441055744.0 /* 1.5 * 2^52: adding it rounds to a whole number, which then fills the low bits */

INLINE double nearest_power(double x) { return (x * (1 / LN2) + ROUNDER) - ROUNDER; }
INLINE double beyond_power(double x, double k) { return (x - k * LN2_HIGH) - k * LN2_LOW; }
INLINE double power_of_two(double k) { return number(bits(k + (ROUNDER + 1023)) << 52); }

/* (exp(r) - 1 - r) / r^2 for |r| <= ln(2)/2: a minimax polynomial, error below 2e-19 */
INLINE double exp_tail(double r, double r2) {
    double even = 2.755725276415982e-07 + r2 * 2.092163990691588e-09;
    double odd = 2.755725529704795e-06 + r2 * 2.5105259895059075e-08;
    even = 2.4801587347491612e-05 + r2 * even;
    odd = 0.00019841269874902042 + r2 * odd;
    even = 0.0013888888888874335 + r2 * even;
    odd = 0.008333333333326112 + r2 * odd;
    even = 0.041666666666666685 + r2 * even;
    odd = 0.1666666666666667 + r2 * odd;
    even = 0.5 + r2 * even;
    return even + r * odd;
}

INLINE double v_exp(double x) {
    double k = nearest_power(x), r = beyond_power(x, k), r2 = r * r;
    return ((1 + r) + r2 * exp_tail(r, r2)) * power_of_two(k);
}

INLINE double v_expm1(double x) {
    double k = nearest_power(x), r = beyond_power(x, k), r2 = r * r, s = power_of_two(k);
    return s * (r + r2 * exp_tail(r, r2)) + (s - 1);
}

/* log(1 + f) + k log 2 + c for 1 + f within [sqrt(1/2), sqrt(2)], after Sun's fdlibm */
INLINE double log_parts(double f, double k, double c) {
    double s = f / (2 + f), half = 0.5 * f * f, z = s * s, z2 = z * z;
    double even = 1.818357216161805012e-01 + z2 * 1.479819860511658591e-01;
    double odd = 2.222219843214978396e-01 + z2 * 1.531383769920937332e-01;
    even = 2.857142874366239149e-01 + z2 * even;
    odd = 3.999999999940941908e-01 + z2 * odd;
    even = 6.666666666666735130e-01 + z2 * even;
    double r = z * (even + z * odd);
    return k * LN2_HIGH - ((half - (s * (half + r) + (k * LN2_LOW + c))) - f);
}

/* x = 2^k (1 + f); 2^52 turns a small whole number into a double */
#define SQRT_HALF 0x3fe6a09e00000000ULL
INLINE double fraction(double x, double *k) {
    uint64_t u = bits(x) + (0x3ff0000000000000ULL - SQRT_HALF);
    *k = number((u >> 52) | 0x4330000000000000ULL) - (0x1p52 + 1023);
    return number((u & 0xfffffffffffffULL) + SQRT_HALF) - 1;
}

INLINE double v_log(double x) {
    double k, f = fraction(x, &k);
    return log_parts(f, k, 0);
}

INLINE double v_log1p(double x) { /* what 1 + x loses by rounding matters within k = 0 only, where f is x itself */
    double k, f = fraction(1 + x, &k);
    return log_parts(k == 0 ? x : f, k, 0);
}

/* log(1 + x) for x from 0 to 1, as 2 atanh(x / (2 + x)): a minimax polynomial, relative error below 5e-18 */
INLINE double log1p_of_share(double x) {
    double s = x / (2 + x), z = s * s, z2 = z * z;
    double even = 0.13313861089627163 + z2 * 0.08788574137916752, odd = 0.12003600102119065 + z2 * 0.16188438883279427;
    even = 0.18181788727528017 + z2 * even;
    odd = 0.15385588547120055 + z2 * odd;
    even = 0.28571428566944235 + z2 * even;
    odd = 0.22222222732685554 + z2 * odd;
    even = 0.6666666666666666 + z2 * even;
    odd = 0.4000000000001527 + z2 * odd;
    return 2 * s + s * (z * (even + z * odd));
}

INLINE double v_tanh(double x) {
    double u = -2 * fabs(x), m = v_expm1(u < -40 ? -40 : u);
    return copysign(m / (2 + m), x);
}

/* log(cosh(x)), where q is exp(-2|x|): within 1/2 a minimax polynomial in x, beyond it |x| + log(1 + q) - log 2; relative
 * error below 1e-17 both */
INLINE double log_cosh_given(double x, double q) {
    double t = x * x, t2 = t * t;
    double even = 0.00025647980508206140 + t2 * 3.070145623182642e-05;
    double odd = -9.040628459629158e-05 + t2 * -7.673262951481877e-06;
    odd = -0.0007385920918811178 + t2 * odd;
    even = 0.0021869481364360935 + t2 * even;
    odd = -0.006746031718773401 + t2 * odd;
    double near = t * ((0.5 + t * -0.08333333333332937) + t2 * (0.022222222221695224 + t * odd + t2 * even));
    double s = q / (2 + q), z = s * s, z2 = z * z;
    double tail = (0.6666666666666667 + 0.39999999999969704 * z) + z2 * (0.2857142859144108 + 0.22222217267651817 * z);
    tail += (z2 * z2) * ((0.1818240148527547 + 0.15349467739772327 * z) + 0.14375520269429007 * z2);
    double far = (fabs(x) - LN2) + (2 * s + s * (z * tail));
    return fabs(x) < 0.5 ? near : far;
}

INLINE double v_hypot(double a, double b) {
    double high = larger(fabs(a), fabs(b)), low = smaller(fabs(a), fabs(b)), t = low / high;
    return low == high ? high * 1.41421356237309505 : high * sqrt(1 + t * t); /* also where both are 0 or infinite */
}

INLINE double v_expm1_less(double x) {
    double s = fabs(x) < 0.02 ? x : 0, p = s / 10;
    p = (1 + p) * s / 9; p = (1 + p) * s / 8; p = (1 + p) * s / 7; p = (1 + p) * s / 6;
    p = (1 + p) * s / 5; p = (1 + p) * s / 4; p = (1 + p) * s / 3;
    return fabs(x) < 0.02 ? (1 + p) * s * s / 2 : v_expm1(x) - x;
}

/* ── the instructions ───────────────────────────────────────────────────────────────────────────────────────────── */

/* of one operand: name, expression of a */
#define UNARY(X)                                                                                                       \
    X(negative, -a) X(absolute, fabs(a)) X(sqrt, sqrt(a)) X(square, a * a) X(reciprocal, 1 / a) X(floor, floor(a))     \
    X(sign, a != a ? a : (double)(a > 0) - (double)(a < 0)) X(isnan, a != a) X(isfinite, a - a == 0)                   \
    X(logical_not, a == 0) X(tanh, v_tanh(a)) X(erf, erf(a)) X(log1p_of_share, log1p_of_share(a))

/* the same where branchless arithmetic holds between two bounds only: name, bounds, expression, and the C library's for
 * a piece that has a number beyond them */
#define BOUNDED(X)                                                                                                     \
    X(exp, -708, 709, v_exp(a), exp(a)) X(expm1, -708, 709, v_expm1(a), expm1(a))                                      \
    X(log, DBL_MIN, DBL_MAX, v_log(a), log(a))                                                        \
    X(log1p, -0x1.fffffffffffffp-1, 1e300, v_log1p(a), log1p(a))                                                       \
    X(log1p_square, -1e150, 1e150, v_log1p(a * a), fabs(a) > 1e150 ? 2 * log(fabs(a)) : log1p(a * a))                  \
    X(decay, -708, 708, v_exp(-fabs(a)), exp(-fabs(a)))                                                                \
    X(expm1_less, -708, 709, v_expm1_less(a), fabs(a) < 0.02 ? v_expm1_less(a) : expm1(a) - a)

/* of two operands */
#define BINARY(X)                                                                                                      \
    X(add, a + b) X(subtract, a - b) X(multiply, a * b) X(divide, a / b) X(maximum, larger(a, b))                      \
    X(minimum, smaller(a, b)) X(less, a < b) X(less_equal, a <= b) X(equal, a == b) X(not_equal, a != b)               \
    X(logical_and, (a != 0) & (b != 0)) X(logical_or, (a != 0) | (b != 0)) X(copysign, copysign(a, b))                 \
    X(power, pow(a, b)) X(hypot, v_hypot(a, b)) X(arctan2, atan2(a, b)) X(times, a == 0 || b == 0 ? 0 : a * b) X(gap, a == b ? 0 : a - b) \
    X(log_cosh_given, log_cosh_given(a, b))

/* where: a where c is not 0, else b.  fill: one number all over a piece.  Of the rows of a: sum, highest, the element b
 * (pick; the same one in all rows: take).  spread: a number of each row to its elements.  place: where in its row an
 * element stands.  check: whether a goes beyond the bounds b, c.  moments: the sums of values a with masses b.
 * store: a to an output. */
#define OTHER(X)                                                                                                       \
    X(where) X(fill) X(sum) X(highest) X(pick) X(take) X(spread) X(place) X(check) X(moments) X(store)

enum op {
#define X(name, ...) OP_##name,
    UNARY(X) BOUNDED(X) BINARY(X) OTHER(X)
#undef X
    OPS
};

static const char *const NAMES[] = {
#define X(name, ...) #name,
    UNARY(X) BOUNDED(X) BINARY(X) OTHER(X)
#undef X
};

typedef struct { uint16_t op, d, a, b, c, by_row; } Instruction;
typedef struct { double sum, lost, s1, s2, centre; } Sums; /* of the losses, about a centre near their mean */
typedef struct { Py_buffer view; int narrow, by_row; } Array; /* narrow: float32 */

INLINE int within(const double *x, size_t n, double low, double high) {
    int64_t inside = 1;
    for (size_t i = 0; i < n; i++) inside &= (x[i] >= low) & (x[i] <= high);
    return inside;
}

INLINE int within_either_way(const double *x, size_t n, double high) {
    int64_t inside = 1;
    for (size_t i = 0; i < n; i++) inside &= fabs(x[i]) <= high;
    return inside;
}

INLINE double total(const double *x, size_t n) {
    double sum = 0;
    #pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum;
}

INLINE double highest(const double *x, size_t n) {
    double found = x[0], missing = 0;
    #pragma omp simd reduction(max : found) reduction(+ : missing)
    for (size_t i = 0; i < n; i++) {
        found = x[i] > found ? x[i] : found;
        missing += x[i] != x[i];
    }
    return missing ? NAN : found;
}

/* A large output goes past the caches: they need not read what is written over. */
INLINE void write_out(double *restrict to, const double *restrict x, size_t n, int large) {
    size_t i = 0;
#if defined(__SSE2__)
    if (large) {
        for (; i < n && (uintptr_t)(to + i) % 16; i++) to[i] = x[i];
        for (; i + 2 <= n; i += 2) _mm_stream_pd(to + i, _mm_loadu_pd(x + i));
    }
#endif
    for (; i < n; i++) to[i] = x[i];
}

/* The sums of v, of m (v - c m) and of (v - c m)^2; with one mass for all the second follows from the first. */
INLINE void moments(Sums *s, const double *v, const double *m, int one, size_t n, int first) {
    if (first) {
        double centre = total(v, n) / (one ? *m * n : total(m, n));
        s->centre = centre - centre == 0 ? centre : 0;
    }
    double c = s->centre, level = one ? c * *m : 0, sum = 0, cross = 0, square = 0;
    if (one) {
        size_t half = n / 2; /* two sums side by side: each addition waits for the last one of its own sum only */
        double sum2 = n % 2 ? v[n - 1] : 0, square2 = n % 2 ? (sum2 - level) * (sum2 - level) : 0;
        #pragma omp simd reduction(+ : sum, square, sum2, square2)
        for (size_t i = 0; i < half; i++) {
            double a = v[i], b = v[i + half];
            sum += a;
            sum2 += b;
            square += (a - level) * (a - level);
            square2 += (b - level) * (b - level);
        }
        sum += sum2;
        square += square2;
        cross = *m * (sum - n * level);
    } else {
        #pragma omp simd reduction(+ : sum, cross, square)
        for (size_t i = 0; i < n; i++) {
            double off = v[i] - c * m[i];
            sum += v[i];
            cross += m[i] * off;
            square += off * off;
        }
    }
    double whole = s->sum + sum;
    s->lost += fabs(s->sum) >= fabs(sum) ? (s->sum - whole) + sum : (sum - whole) + s->sum;
    s->sum = whole;
    s->s1 += cross;
    s->s2 += square;
}

typedef struct {
    const Instruction *code;
    const Array *inputs, *outputs;
    const double *constants;
    Py_ssize_t steps, input_count, constant_count, temporary_count, rows, width;
    double *scratch;
    Sums *sums;
    char *bad;
} Program;

#define LOOP for (size_t i = 0; i < n; i++)

/* Registers are numbered inputs first, then constants, then scratch; no instruction writes over what it reads. */
ONE_FOR_EACH_PROCESSOR static void execute(const Program *p) {
    const double *in[REGISTERS];
    double *out[REGISTERS];
    size_t width = p->width, step = width < CHUNK ? CHUNK / width : 1, first_constant = p->input_count;
    size_t first_scratch = first_constant + p->constant_count, end = first_scratch + p->temporary_count;
    for (size_t r = 0; r < first_constant; r++) out[r] = p->scratch + r * step * width;
    for (size_t r = first_constant; r < first_scratch; r++) in[r] = p->constants + (r - first_constant);
    for (size_t r = first_scratch; r < end; r++)
        in[r] = out[r] = p->scratch + (r - p->constant_count) * step * width;

    const char *ahead[REGISTERS]; /* what the next piece will read comes from memory while this one is worked on */
    size_t lines = (step * width * sizeof(double) / LINE + p->steps - 1) / p->steps;

    for (size_t row = 0; row < (size_t)p->rows; row += step) {
        size_t rows = p->rows - row < step ? p->rows - row : step;
        for (size_t r = 0; r < first_constant; r++) {
            const Array *x = p->inputs + r;
            size_t from = x->by_row ? row : row * width, n = x->by_row ? rows : rows * width;
            in[r] = (const double *)x->view.buf + from;
            ahead[r] = (const char *)x->view.buf + (from + n) * (x->narrow ? sizeof(float) : sizeof(double));
            if (x->narrow) {
                const float *restrict narrow = (const float *)x->view.buf + from;
                double *restrict d = out[r];
                LOOP d[i] = narrow[i];
                in[r] = d;
            }
        }
        for (const Instruction *s = p->code; s < p->code + p->steps; s++) {
            for (size_t r = 0; r < first_constant; r++)
                for (size_t i = 0; i < lines; i++, ahead[r] += LINE) FETCH(ahead[r]);
            const double *x = in[s->a], *y = in[s->b];
            double *restrict d = out[s->d];
            size_t n = s->by_row ? rows : rows * width;
            int x_is_one = s->a >= first_constant && s->a < first_scratch;
            int y_is_one = s->b >= first_constant && s->b < first_scratch;
            switch (s->op) {
#define X(name, expression) case OP_##name: LOOP { double a = x[i]; d[i] = expression; } break;
                UNARY(X)
#undef X
#define X(name, low, high, expression, careful)                                                                        \
            case OP_##name:                                                                                            \
                if (within(x, n, low, high)) LOOP { double a = x[i]; d[i] = expression; }                              \
                else LOOP { double a = x[i]; d[i] = careful; }                                                         \
                break;
                BOUNDED(X)
#undef X
#define X(name, expression)                                                                                            \
            case OP_##name:                                                                                            \
                if (y_is_one) { double b = *y; LOOP { double a = x[i]; d[i] = expression; } }                          \
                else if (x_is_one) { double a = *x; LOOP { double b = y[i]; d[i] = expression; } }                     \
                else LOOP { double a = x[i], b = y[i]; d[i] = expression; }                                            \
                break;
                BINARY(X)
#undef X
            case OP_where: {
                const double *c = in[s->c];
                LOOP { double yes = x[i], no = y[i]; d[i] = c[i] != 0 ? yes : no; }
                break;
            }
            case OP_fill: { double a = *x; LOOP d[i] = a; break; }
            case OP_sum: for (size_t r = 0; r < rows; r++) d[r] = total(x + r * width, width); break;
            case OP_highest: for (size_t r = 0; r < rows; r++) d[r] = highest(x + r * width, width); break;
            case OP_take: for (size_t r = 0, at = (size_t)*y; r < rows; r++) d[r] = x[r * width + at]; break;
            case OP_pick:
                for (size_t r = 0; r < rows; r++)
                    d[r] = y[r] >= 0 && y[r] < width ? x[r * width + (size_t)y[r]] : NAN;
                break;
            case OP_spread:
                for (size_t r = 0; r < rows; r++)
                    for (size_t i = 0; i < width; i++) d[r * width + i] = x[r];
                break;
            case OP_place:
                for (size_t r = 0; r < rows; r++)
                    for (size_t i = 0; i < width; i++) d[r * width + i] = (double)i;
                break;
            case OP_check: {
                double low = *y, high = *in[s->c];
                p->bad[s->d] |= !(low == -high ? within_either_way(x, n, high) : within(x, n, low, high));
                break;
            }
            case OP_moments: moments(p->sums + s->d, x, y, y_is_one, n, row == 0); break;
            case OP_store: {
                const Array *to = p->outputs + s->d;
                size_t from = to->by_row ? row : row * width;
                if (to->narrow) {
                    float *restrict narrow = (float *)to->view.buf + from;
                    LOOP narrow[i] = (float)x[i];
                } else write_out((double *)to->view.buf + from, x, n, p->rows * width > STREAMED);
                break;
            }
            }
        }
    }
}

/* ── Python ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void release(Array *arrays, Py_ssize_t count) {
    for (Py_ssize_t i = 0; i < count; i++) PyBuffer_Release(&arrays[i].view);
}

/* The buffers of a tuple of (array, by_row) pairs; NULL with an error set where one is not of float64 or float32. */
static Array *acquire(PyObject *pairs, int flags, Py_ssize_t rows, Py_ssize_t width, Py_ssize_t *count) {
    Py_ssize_t n = PyTuple_Size(pairs);
    Array *arrays = n < 0 ? NULL : PyMem_Calloc(n + 1, sizeof(Array));
    for (*count = 0; arrays && *count < n; ++*count) {
        Array *to = arrays + *count;
        PyObject *source;
        if (!PyArg_ParseTuple(PyTuple_GetItem(pairs, *count), "Op", &source, &to->by_row)) break;
        if (PyObject_GetBuffer(source, &to->view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags)) break;
        to->narrow = to->view.itemsize == 4;
        const char *format = to->view.format;
        if (*format == (PY_LITTLE_ENDIAN ? '<' : '>')) format++; /* native order, spelled out, as ctypes does */
        Py_ssize_t length = (to->by_row ? rows : rows * width) * to->view.itemsize;
        if ((strcmp(format, "d") && strcmp(format, "f")) || to->view.len != length) {
            PyErr_SetString(PyExc_ValueError, "arrays must hold rows * width native floats, or a float a row");
            ++*count;
            break;
        }
    }
    if (arrays && !PyErr_Occurred()) return arrays;
    if (arrays) release(arrays, *count);
    PyMem_Free(arrays);
    return NULL;
}

/* Whether no instruction reaches beyond what there is. */
static int sound(const Program *p, Py_ssize_t outputs, Py_ssize_t sums, Py_ssize_t checks) {
    Py_ssize_t end = p->input_count + p->constant_count + p->temporary_count;
    if (end > REGISTERS || p->rows < 1 || p->width < 1 || p->width > WIDEST) return 0;
    for (const Instruction *s = p->code; s < p->code + p->steps; s++) {
        Py_ssize_t room = s->op == OP_check ? checks : s->op == OP_moments ? sums : s->op == OP_store ? outputs : end;
        if (s->op >= OPS || s->d >= room || s->a >= end || s->b >= end || s->c >= end) return 0;
        if (room == end && s->d < p->input_count + p->constant_count) return 0;
        if (s->op == OP_take && !(s->b >= p->input_count && s->b < p->input_count + p->constant_count &&
                                  p->constants[s->b - p->input_count] >= 0 &&
                                  p->constants[s->b - p->input_count] < p->width))
            return 0;
    }
    return 1;
}

static PyObject *answer(const Program *p, Py_ssize_t sums, Py_ssize_t checks) {
    PyObject *found = PyList_New(sums), *bad = PyBytes_FromStringAndSize(p->bad, checks);
    for (Py_ssize_t i = 0; found && i < sums; i++) {
        const Sums *s = p->sums + i;
        double sum = s->sum + (s->lost - s->lost == 0 ? s->lost : 0);
        PyObject *row = Py_BuildValue("dddd", sum, s->s1, s->s2, s->centre);
        if (!row || PyList_SetItem(found, i, row)) Py_CLEAR(found);
    }
    PyObject *both = found && bad ? PyTuple_Pack(2, found, bad) : NULL;
    Py_XDECREF(found);
    Py_XDECREF(bad);
    return both;
}

static PyObject *run(PyObject *self, PyObject *args) {
    Program p = {0};
    Py_buffer code = {0}, constants = {0};
    PyObject *inputs, *outputs, *found = NULL;
    Py_ssize_t output_count = 0, sums, checks;
    if (!PyArg_ParseTuple(args, "y*y*nO!O!nnnn", &code, &constants, &p.temporary_count, &PyTuple_Type, &inputs,
                          &PyTuple_Type, &outputs, &sums, &checks, &p.rows, &p.width))
        return NULL;
    p.code = code.buf;
    p.steps = code.len / (Py_ssize_t)sizeof *p.code;
    p.constants = constants.buf;
    p.constant_count = constants.len / (Py_ssize_t)sizeof *p.constants;
    Array *from = acquire(inputs, 0, p.rows, p.width, &p.input_count);
    Array *to = from ? acquire(outputs, PyBUF_WRITABLE, p.rows, p.width, &output_count) : NULL;
    p.inputs = from;
    p.outputs = to;
    if (from && to) {
        if (!sound(&p, output_count, sums, checks)) PyErr_SetString(PyExc_ValueError, "this is no sound program");
        else {
            size_t piece = p.width < CHUNK ? CHUNK : p.width;
            p.scratch = PyMem_Malloc((p.input_count + p.temporary_count) * piece * sizeof(double) + 64);
            p.sums = PyMem_Calloc(sums + 1, sizeof(Sums));
            p.bad = PyMem_Calloc(checks + 1, 1);
            if (p.scratch && p.sums && p.bad) {
                double *start = p.scratch;
                p.scratch = (double *)(((uintptr_t)start + 63) & ~(uintptr_t)63);
                Py_BEGIN_ALLOW_THREADS
                execute(&p);
                Py_END_ALLOW_THREADS
                p.scratch = start;
                found = answer(&p, sums, checks);
            } else PyErr_NoMemory();
            PyMem_Free(p.scratch);
            PyMem_Free(p.sums);
            PyMem_Free(p.bad);
        }
    }
    if (to) release(to, output_count);
    if (from) release(from, p.input_count);
    PyMem_Free(to);
    PyMem_Free(from);
    PyBuffer_Release(&code);
    PyBuffer_Release(&constants);
    return found;
}

static PyMethodDef METHODS[] = {
    {"run", run, METH_VARARGS,
     "run(code, constants, temporaries, inputs, outputs, sums, checks, rows, width) -> ([(sum, s1, s2, centre)], bad)"},
    {NULL, NULL, 0, NULL}};

static int fill(PyObject *module) {
    PyObject *names = PyTuple_New(OPS);
    for (int i = 0; names && i < OPS; i++) {
        PyObject *name = PyUnicode_FromString(NAMES[i]);
        if (!name || PyTuple_SetItem(names, i, name)) Py_CLEAR(names);
    }
    int failed = !names || PyModule_AddObjectRef(module, "OPS", names) || PyModule_AddIntMacro(module, WIDEST) ||
                 PyModule_AddIntMacro(module, REGISTERS);
    Py_XDECREF(names);
    return -failed;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, fill}, {0, NULL}};
static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_machine", "The array machine, compiled.", 0, METHODS, SLOTS,
                                    NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__machine(void) { return PyModuleDef_Init(&MODULE); }
