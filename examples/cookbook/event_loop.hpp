// A login in a program with an event loop: no call blocks, and the loop calls ready() when there are octets.
#pragma once
#include <functional>
#include <kerb/botan.hpp>
#include <vector>

namespace cookbook {

/// One login over a stream to the KDC. It cannot move, because the exchange refers to its buffers.
class login {
 public:
  using result = kerb::result<kerb::botan::owned_credential<>>;
  struct hooks {
    std::function<void(kerb::bytes_view)> transmit;  ///< over a new connection; the octets begin with their length
    std::function<void(result)> finish;              ///< called once
  };
  login(const kerb::principal_view& who, kerb::secret_view password, kerb::botan::policy& crypto, hooks h)
      : crypto_(crypto), hooks_(std::move(h)), exchange_({.client = who, .password = password, .buffer = buffer_}) {}
  login(const login&) = delete;
  login& operator=(const login&) = delete;

  void start(kerb::timestamp now) { act(stream_.start(kerb::environment(crypto_, now))); }
  /// Where to read what has arrived, and the call to make then: 0 octets are the end of the stream.
  std::span<std::uint8_t> space() const { return stream_.buffer(); }
  void ready(std::size_t n, kerb::timestamp now) { act(stream_.got(n, kerb::environment(crypto_, now))); }
  /// The loop's timer has run out.
  void give_up() { act(stream_.said(exchange_.abandon({.code = kerb::errc::no_answer}))); }

 private:
  using stream = kerb::over_stream<kerb::botan::as_client>;
  void act(const stream::step& step) {
    kerb::match(
        step, [&](const kerb::send& s) { hooks_.transmit(s.octets); }, [](const kerb::need_more&) {},
        [&](const kerb::need_key&) { finish(kerb::errc::no_key); },  // there is a password
        [&](const kerb::need_buffer&) { finish(kerb::errc::no_space); },
        [&](const kerb::ignored& i) { finish(i.why); },  // never on a stream
        [&](const kerb::done&) { finish(kerb::own(std::move(exchange_).take())); },
        [&](const kerb::failed& f) { finish(f.why); });
  }
  void finish(result r) {
    if (!std::exchange(over_, true)) hooks_.finish(std::move(r));
  }
  kerb::botan::policy& crypto_;
  hooks hooks_;
  bool over_ = false;
  std::array<std::uint8_t, kerb::botan::as_client::typical_buffer_size> buffer_;
  std::vector<std::uint8_t> incoming_ = std::vector<std::uint8_t>(65536);
  kerb::botan::as_client exchange_;
  stream stream_{exchange_, incoming_};
};

}  // namespace cookbook
