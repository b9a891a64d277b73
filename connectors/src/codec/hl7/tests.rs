//! Messages as senders write them, and what they must become.
