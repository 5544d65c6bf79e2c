//! Whole workbooks, written and read back by another ZIP reader.

mod codecs;
mod specimen;
