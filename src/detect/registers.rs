//! The vector registers as the kernels of tract leave them.

/// What is searched: long enough for the instructions that the search is written in.
const SEARCHED: [u8; 128] = [1; 128];

/// Clears the upper halves of the vector registers, as whatever is compiled for AVX does when it is done.
///
/// The kernels of tract are assembly that does not, and until it is done Intel's processors take many
/// times as long for each instruction of the SSE that programs are compiled to (Intel 64 and IA-32
/// Architectures Optimization Reference Manual, 15.3 "Mixing AVX code with SSE code"): thirty times
/// for a logarithm. A search of `memchr` ends in the instruction that is wanted, and asks for no unsafe
/// code here.
pub fn settle() {
    std::hint::black_box(memchr::memchr(0, std::hint::black_box(&SEARCHED)));
}
