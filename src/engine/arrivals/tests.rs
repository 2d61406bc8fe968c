//! Arrivals.
