// The benchmark: kerb beside MIT krb5 and Heimdal on the same octets, and the floor that the crypto libraries set.
#include <dlfcn.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bench.hpp"

namespace kerb_bench {
namespace {

int failures = 0;
int rounds = 0;  // of every benchmark, where it is not left to the library

/// A directory for what the peers want as files.
class scratch {
 public:
  scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "kerb-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::perror("mkdtemp"), std::exit(1);
    path_ = name;
    for (const bool cache : {false, true}) {
      std::ofstream out(path_ / (cache ? "cache.conf" : "plain.conf"));
      out << "[libdefaults]\n default_realm = EX.ORG\n dns_lookup_kdc = false\n dns_lookup_realm = false\n"
             " dns_canonicalize_hostname = false\n clockskew = 86400\n default_rcache_name = "
          << (cache ? "file2:" + (path_ / "rcache").string() : std::string("none:")) << "\n";
    }
    plain_ = path_ / "plain.conf", cache_ = path_ / "cache.conf";
  }
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  const char* config(bool cache) const { return cache ? cache_.c_str() : plain_.c_str(); }
  void forget() const { std::filesystem::remove(path_ / "rcache"); }

 private:
  std::filesystem::path path_;
  std::string plain_, cache_;
};
const scratch& files() {
  static const scratch s;
  return s;
}

const peer_ops* load(const char* file) {
  void* const module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), nullptr;
  return static_cast<const peer_ops*>(dlsym(module, "kerb_bench_peer"));
}

}  // namespace

const std::vector<const peer_ops*>& peers() {
  static const std::vector<const peer_ops*> all = [] {
    std::vector<const peer_ops*> v;
    std::string files = KERB_BENCH_PEERS;  // paths with a colon behind each
    for (std::size_t at = 0, end; (end = files.find(':', at)) != std::string::npos; at = end + 1)
      if (const peer_ops* p = load(files.substr(at, end - at).c_str())) v.push_back(p);
    return v;
  }();
  return all;
}
const char* peer_config(bool replay_cache) { return files().config(replay_cache); }
void forget_replays() { files().forget(); }

void give_up(benchmark::State& state, const std::string& why) {
  ++failures;
  state.SkipWithError(why.c_str());
}

benchmark::internal::Benchmark* add(const std::string& what, const std::string& who, benchmark_body body) {
  auto* const b = benchmark::RegisterBenchmark((what + "/" + who).c_str(), std::move(body));
  return rounds == 0 ? b : b->Iterations(rounds);
}

kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}

}  // namespace kerb_bench

int main(int argc, char** argv) {
  using namespace kerb_bench;
  if (constexpr std::string_view flag = "--rounds="; argc > 1 && std::string_view(argv[1]).starts_with(flag)) {
    rounds = std::atoi(argv[1] + flag.size());
    std::swap(argv[0], argv[1]), ++argv, --argc;
  }
  add_ap();
  add_der();
  add_crypto();
  add_gss();
  add_kdc();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::string who;
  for (const peer_ops* p : peers()) who += std::string(who.empty() ? "" : ", ") + p->library;
  benchmark::AddCustomContext("peers", who);
  const std::size_t ran = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  if (failures != 0) std::fprintf(stderr, "%d benchmarks failed\n", failures);
  return failures == 0 && ran != 0 ? 0 : 1;
}
