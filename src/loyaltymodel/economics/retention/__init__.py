"""Retention from records: tenures, cohorts, rates of a period, survival and what drives it."""
