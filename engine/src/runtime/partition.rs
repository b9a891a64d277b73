//! Partition: the core as the shell sees it.
