// The mutator of a fuzz target as one of AFL++: included in front of the target, which becomes a shared library.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned seed);

namespace {
struct state {
  unsigned seed;
  std::vector<std::uint8_t> buffer;
};
}  // namespace

extern "C" void* afl_custom_init(void*, unsigned seed) { return new state{seed, {}}; }
extern "C" void afl_custom_deinit(void* s) { delete static_cast<state*>(s); }
extern "C" std::size_t afl_custom_fuzz(void* to, std::uint8_t* in, std::size_t size, std::uint8_t** out, std::uint8_t*,
                                       std::size_t, std::size_t max) {
  state& s = *static_cast<state*>(to);
  s.buffer.resize(max);
  size = std::min(size, max);
  if (size != 0) std::memcpy(s.buffer.data(), in, size);
  *out = s.buffer.data();
  return LLVMFuzzerCustomMutator(s.buffer.data(), size, max, ++s.seed);
}
