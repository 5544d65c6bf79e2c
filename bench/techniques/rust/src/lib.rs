//! The kernels: Arrow in, plain Rust on threads without the GIL, Arrow out.

mod account_numbers;
mod banded;
mod columns;
mod fifo_lots;
mod roll_up;

/// glibc gives the large pieces of a call back, and the kernel zeroes them anew, page by page, for the next.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pyo3::pymodule]
mod techniques {
    #[pymodule_export]
    use crate::account_numbers::account_numbers;
    #[pymodule_export]
    use crate::banded::banded;
    #[pymodule_export]
    use crate::fifo_lots::fifo_lots;
    #[pymodule_export]
    use crate::roll_up::roll_up;
}
