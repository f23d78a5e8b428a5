//! The progress bar: on standard error, and only where that is a terminal.
