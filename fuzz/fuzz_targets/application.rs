#![no_main]

#[path = "../bodies/application.rs"]
mod application;

libfuzzer_sys::fuzz_target!(|data: &[u8]| application::run(data));
