#![no_main]

#[path = "../bodies/capture_file.rs"]
mod capture_file;

libfuzzer_sys::fuzz_target!(|data: &[u8]| capture_file::run(data));
