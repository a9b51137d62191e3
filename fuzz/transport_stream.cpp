// A stream of any octets, cut in any way: how it is cut changes nothing. The first octet seeds the cuts.
#include <kerb/exchange/over_stream.hpp>
#include <vector>

#include "require.hpp"
#include "support/ap_world.hpp"

using namespace kerb;
using namespace kerb_test;
using kerb_fuzz::require;

namespace {

constexpr std::size_t cap = 256;

/// What a stream gave: messages, and then what ended it.
struct heard {
  std::vector<std::vector<std::uint8_t>> messages;
  errc why = errc::ok;
  std::size_t missing = 0;
  friend bool operator==(const heard&, const heard&) = default;
};

template <class Cut>
heard listen(bytes_view in, Cut&& cut) {
  heard h;
  std::vector<std::uint8_t> have;
  for (;;) {
    const auto f = read_frame(have, cap);
    if (!f) {
      h.why = f.error().code;
      return h;
    }
    if (f->missing == 0) {
      require(f->message.size() <= cap, "is within the cap", "a message");
      h.messages.emplace_back(f->message.begin(), f->message.end());
      have.erase(have.begin(), have.begin() + static_cast<std::ptrdiff_t>(4 + f->message.size()));
      continue;
    }
    if (in.empty()) {
      h.missing = f->missing;
      return h;
    }
    const std::size_t n = cut(in.size());
    have.insert(have.end(), in.begin(), in.begin() + n);
    in = in.subview(n);
  }
}

/// The same through an exchange, to its first step that is not need_more.
template <class Cut>
std::pair<std::size_t, errc> exchange(ap_world& w, bytes_view in, Cut&& cut) {
  const basic_credential<key> credential = w.credential();
  std::array<std::uint8_t, 4096> own{};
  std::array<std::uint8_t, cap + 4> buffer{};
  ap_initiator<testing::insecure_policy> x({.credential = credential, .buffer = own});
  over_stream io(x, buffer);
  auto step = io.start(w.turn());
  require(is<send>(step), "starts", "the initiator");
  step = need_more{4};
  while (is<need_more>(step)) {
    require(io.buffer().size() >= std::get<need_more>(step).at_least, "fits what is missing", "the buffer");
    std::size_t n = in.empty() ? 0 : cut(in.size());
    if (n > io.buffer().size()) n = io.buffer().size();
    for (std::size_t i = 0; i != n; ++i) io.buffer()[i] = in[i];
    in = in.subview(n);
    step = io.got(n, w.turn());
  }
  require(!is<ignored>(step) && !is<need_buffer>(step), "passes nothing over", "a stream");
  return {step.index(), failure(step)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const bytes_view in(data + 1, size - 1);
  std::uint32_t random = data[0];
  const auto all = [](std::size_t n) { return n; };
  const auto one = [](std::size_t) { return std::size_t{1}; };
  const auto some = [&](std::size_t n) {
    random = random * 1664525 + 1013904223;
    return 1 + (random >> 16) % (n < 40 ? n : 40);
  };
  const heard h = listen(in, all);
  require(h == listen(in, one), "gives the same octet by octet", "a stream");
  require(h == listen(in, some), "gives the same however it is cut", "a stream");
  ap_world w;
  const auto whole = exchange(w, in, all);
  require(whole == exchange(w, in, one), "ends the same octet by octet", "an exchange");
  require(whole == exchange(w, in, some), "ends the same however it is cut", "an exchange");
  return 0;
}
