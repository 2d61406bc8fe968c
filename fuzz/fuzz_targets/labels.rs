#![no_main]

#[path = "../bodies/labels.rs"]
mod labels;

libfuzzer_sys::fuzz_target!(|data: &[u8]| labels::run(data));
