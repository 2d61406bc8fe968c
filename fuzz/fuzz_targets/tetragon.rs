#![no_main]

#[path = "../bodies/tetragon.rs"]
mod tetragon;

libfuzzer_sys::fuzz_target!(|data: &[u8]| tetragon::run(data));
