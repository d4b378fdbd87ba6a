"""Engines that hold more rows than one process does: one file each, and deleting it removes the engine.

A partition becomes a ``Profile`` or an ``Evaluator`` where it lies; these add up, and no row leaves its worker.
"""
