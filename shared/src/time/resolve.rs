//! From a reading to an interval.
