// Runs a fuzz target over files, and over seeded mutations of them: the corpus as an ordinary test, under any compiler.
// A target with a mutator of its own makes every second of them.
//   replay_TARGET [FILE or DIRECTORY]...      KERB_FUZZ_RUNS mutations of each file (500), KERB_FUZZ_SEED to vary them
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// A weak symbol: null where the target has none.
extern "C" __attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                                     std::size_t max, unsigned seed);

namespace {

using octets = std::vector<std::uint8_t>;

const octets* running = nullptr;

// The target has trapped: says on which octets, so that they can be kept in the corpus.
extern "C" void say_input(int sig) {
  std::fprintf(stderr, "signal %d on this input, in hexadecimal:\n", sig);
  if (running != nullptr)
    for (std::uint8_t b : *running) std::fprintf(stderr, "%02x", b);
  std::fprintf(stderr, "\n");
  std::signal(sig, SIG_DFL);
  std::raise(sig);
}

void run(const octets& input) {
  const octets exact(input.begin(), input.end());  // a block of exactly this size: a sanitizer sees the octet behind it
  running = &exact;
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  running = nullptr;
}

class mutator {
 public:
  explicit mutator(std::uint64_t seed) : state_(seed * 2 + 1) {}

  octets operator()(octets v, const std::vector<octets>& all) {
    if (LLVMFuzzerCustomMutator != nullptr && below(2) == 0) {
      const std::size_t size = v.size();
      v.resize(size * 2 + 256);
      v.resize(LLVMFuzzerCustomMutator(v.data(), size, v.size(), static_cast<unsigned>(next())));
      return v;
    }
    for (std::size_t times = 1 + below(3); times != 0; --times) change(v, all);
    return v;
  }

 private:
  std::uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 24;
  }
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(next() % n); }

  void change(octets& v, const std::vector<octets>& all) {
    static constexpr std::uint8_t telling[] = {0x00, 0x01, 0x02, 0x05, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xff};
    const std::size_t at = below(v.size());
    const auto here = v.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(7)) {
      case 0:
        if (!v.empty()) *here = static_cast<std::uint8_t>(*here ^ 1u << below(8));
        break;
      case 1:
        if (!v.empty()) *here = telling[below(std::size(telling))];
        break;
      case 2:
        if (!v.empty()) *here = static_cast<std::uint8_t>(*here + (below(2) == 0 ? 1 : 255));
        break;
      case 3: v.resize(at); break;
      case 4: v.insert(here, static_cast<std::uint8_t>(next())); break;
      case 5:
        if (!v.empty()) v.erase(here);
        break;
      default: {  // the tail of another input
        const octets& other = all[below(all.size())];
        const std::size_t from = below(other.size());
        v.resize(at);
        v.insert(v.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      }
    }
  }

  std::uint64_t state_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    if (fs::is_directory(argv[i])) {
      for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
        if (entry.is_regular_file()) files.push_back(entry.path());
    } else {
      files.emplace_back(argv[i]);
    }
  }
  std::sort(files.begin(), files.end());  // the same order, and so the same mutations, on every machine
  std::vector<octets> inputs;
  for (const auto& f : files) {
    std::ifstream in(f, std::ios::binary);
    if (!in) {
      std::fprintf(stderr, "%s cannot be read\n", f.c_str());
      return 1;
    }
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  for (int sig : {SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGFPE}) std::signal(sig, say_input);
  const std::uint64_t runs = number_from("KERB_FUZZ_RUNS", 500), seed = number_from("KERB_FUZZ_SEED", 1);
  run({});
  for (const octets& input : inputs) run(input);
  mutator mutate(seed);
  for (const octets& input : inputs)
    for (std::uint64_t i = 0; i != runs; ++i) run(mutate(input, inputs));
  std::printf("%zu inputs, %llu mutations of each, seed %llu\n", inputs.size(), static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(seed));
  return inputs.empty() ? 1 : 0;
}
