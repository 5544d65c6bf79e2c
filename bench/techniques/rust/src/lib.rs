//! The kernels: Arrow in, plain Rust on threads without the GIL, Arrow out.

mod account_numbers;
mod banded;
mod columns;
mod fifo_lots;
mod roll_up;

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
