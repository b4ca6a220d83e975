//! Certificates of tests, as others see them.

mod openssl;
