"""Equations by topic; the registry imports these modules when it is asked for a name."""
