//! Answers as senders must get them.
