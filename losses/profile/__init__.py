"""A target column as a small record that adds up, and what it says."""

from losses.profile.csvtext import read_csv
from losses.profile.files import chosen, column_names, read_table
from losses.profile.kinds import Kind
from losses.profile.read import profile
from losses.profile.saved import saved
from losses.profile.state import Profile
from losses.profile.table import profile_table

__all__ = [
    "Kind",
    "Profile",
    "chosen",
    "column_names",
    "profile",
    "profile_table",
    "read_csv",
    "read_table",
    "saved",
]
