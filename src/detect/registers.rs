//! The vector registers as the kernels of tract leave them.

/// What is searched: long enough for the instructions that the search is written in.
const SEARCHED: [u8; 128] = [1; 128];

/// Clears the upper halves of the vector registers, as whatever is compiled for AVX does when it is done.
///
/// The kernels of tract are assembly that does not, and until it is done Intel's processors take many
/// times as long for each instruction of the SSE that programs are compiled to (Intel's Optimization
/// Reference Manual, "Mixing AVX Code with SSE Code"). A search of `memchr` ends in the instruction
/// that is wanted, and asks for no unsafe code here.
pub fn settle() {
    std::hint::black_box(memchr::memchr(0, std::hint::black_box(&SEARCHED)));
}
