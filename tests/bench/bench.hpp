// What all benchmarks share: the contestants, how one operation is measured, and how a failure is told.
#pragma once
#include <benchmark/benchmark.h>
#include <kerb/botan.hpp>

#include <functional>
#include <string>
#include <vector>

#include "peer.h"
#include "support/alloc_count.hpp"

namespace kerb_bench {

using policy = kerb::botan::policy;

/// The peers whose modules are there.
const std::vector<const peer_ops*>& peers();
/// A krb5.conf for them, with a replay cache in a file (MIT only), or without; both live as long as the program.
const char* peer_config(bool replay_cache);
/// A peer set up with keys and a ticket of that encryption type, for as long as the program runs; null when it cannot.
void* peer_handle(const peer_ops& peer, int etype);
/// Takes away what a replay cache has seen.
void forget_replays();

/// Says why a benchmark measures nothing; the program will end with a failure.
void give_up(benchmark::State& state, const std::string& why);

/// What is measured, and nothing else: instructions.py counts in here.
template <class F>
KERB_NOINLINE bool loop(benchmark::State& state, F& op) {
  bool good = true;
  for (auto _ : state) good &= op();
  return good;
}
/// The same for an operation on `n` things, which counts as so many.
template <class F>
KERB_NOINLINE bool loop(benchmark::State& state, F& op, benchmark::IterationCount n) {
  bool good = true;
  while (state.KeepRunningBatch(n)) good &= op();
  return good;
}
/// Runs `op` as often as it takes; it says whether it has done what it should. Besides the time there are the
/// allocations of each operation, or of each of the things that one operation does.
template <class F>
void timed(benchmark::State& state, F&& op, benchmark::IterationCount each = 1) {
  bool good = op();  // what is made once is made now
  const std::size_t before = kerb_test::allocations();
  good &= each == 1 ? loop(state, op) : loop(state, op, each);
  const std::size_t made = kerb_test::allocations() - before;
  if (!good) return give_up(state, "an operation failed");
  state.counters["allocs"] = benchmark::Counter(static_cast<double>(made), benchmark::Counter::kAvgIterations);
}

using benchmark_body = std::function<void(benchmark::State&)>;
/// `what` is SUITE/OPERATION[/VARIANT], `who` the contestant; a table has one row for each `what`.
benchmark::internal::Benchmark* add(const std::string& what, const std::string& who, benchmark_body body);

/// The time now, as every contestant asks for it once for each operation.
kerb::timestamp now();

inline peer_octets as_peer(kerb::bytes_view v) { return {v.data(), v.size()}; }
inline constexpr int all_etypes[] = {17, 18, 19, 20};
inline std::string etype_text(int e) { return "e" + std::to_string(e); }

/// The octets of the session key that peer_handle() has.
kerb::bytes_view handle_key(int etype);
/// The same ticket for kerb, and the service's name, key version and key.
kerb::botan::credential handle_credential(int etype);
struct service_key {
  kerb::principal_view name;
  std::uint32_t kvno;
  kerb::key key;
};
service_key handle_service(int etype);

// The suites, each in a file of its own.
void add_ap();
void add_der();
void add_crypto();
void add_gss();
void add_kdc();

}  // namespace kerb_bench
