// Runs any client's exchange over a byte stream.
#pragma once
#include "../asn1/decode.hpp"
#include "../msg/error.hpp"
#include "../transport/stream.hpp"
#include "environment.hpp"
#include "step.hpp"

namespace kerb::inline v0 {

/// The stream has no complete message yet. Read into buffer(), then call got(n). At least this many
/// octets are missing; 0 if the exchange waits for something else than the stream.
struct need_more {
  std::size_t at_least = 0;
};

namespace detail {
template <class Step>
struct stream_step;
template <class... Word>
struct stream_step<std::variant<Word...>> {
  using type = std::variant<Word..., need_more>;
};
}  // namespace detail

/// Runs an exchange over a byte stream. It collects each incoming message from pieces of any size,
/// and puts the length in front of outgoing messages. Call start() and got() here instead of the
/// exchange's start() and receive(). Call provide(), set_buffer() and take() on the exchange, and
/// pass the step that provide() returns to said().
///
/// A KDC may close the stream after any of its answers, and that is no error (RFC 4120 section 7.2.2).
/// Either connect for each `send`, or write it to the open connection if there is one. If that fails, or
/// the stream ends before anything of the answer has arrived, call got(0).
template <class Exchange>
class [[nodiscard]] over_stream {
 public:
  using step = typename detail::stream_step<typename Exchange::step>::type;

  /// `buffer` holds one incoming message and its length; longer messages are refused. It must
  /// remain valid until the exchange is over.
  constexpr over_stream(Exchange& x KERB_LIFETIMEBOUND, std::span<std::uint8_t> buffer) : x_(x), buffer_(buffer) {}

  template <class Environment>
  [[nodiscard]] constexpr step start(const Environment& env) {
    return said(x_->start(env));
  }
  /// The range to read into.
  constexpr std::span<std::uint8_t> buffer() const { return buffer_.subspan(have_); }
  /// Call this after reading `n` octets into buffer(). 0 is the end of the stream. If the peer has answered
  /// an earlier request, and nothing of the next answer has arrived, the step is the same `send` again, with
  /// send::fresh false: connect again, to this KDC or another, and transmit it. This happens once for each
  /// request. Between an answer and the next `send` the end of the stream changes nothing, and the step is
  /// need_more. Otherwise it fails the exchange with errc::stream_ended, unless the exchange needs no more
  /// input. After need_buffer, repeat the same call.
  ///
  /// If the exchange needs no more input, the step is `done` and the octets are dropped. But if it
  /// ended with a message that no answer follows (afterwards::finished), a KRB-ERROR that arrives as
  /// the next message makes it fail with errc::peer_error (detail: its code). The KRB-ERROR is
  /// unauthenticated.
  template <class Environment>
  [[nodiscard]] constexpr step got(std::size_t n, const Environment& env) {
    if (failed_) return said(x_->abandon({}));  // which returns the first reason again
    if (n == 0) return ended();
    if (n > buffer_.size() - have_) return said(x_->abandon({.code = errc::api_misuse}));
    if (is_done_) return done{};
    if (served_ && !waits_) return need_more{};  // the exchange has asked nothing: these answer no request
    have_ += n;
    const std::size_t cap = buffer_.size() < 4 ? 0 : buffer_.size() - 4;
    const result<frame> f = read_frame(bytes_view(buffer_).first(have_), cap);
    if (over_ && !f) return said_done();
    if (!f) return said(x_->abandon(f.error()));
    if (f->missing != 0) return need_more{f->missing};
    if (over_) {  // the exchange waits for nothing, but the peer may have refused what was sent last
      const auto e = asn1::decode<msg::KrbError>(f->message);
      if (!e) return said_done();
      return said(x_->abandon({.code = errc::peer_error,
                               .detail = static_cast<std::uint32_t>(e->error_code),
                               .type = "KRB-ERROR",
                               .field = "error-code"}));
    }
    // Octets after the message answer no request that was sent, so they are dropped
    const std::size_t had = std::exchange(have_, 0) - n;
    const bool served = std::exchange(served_, true);
    const step next = said(x_->receive(f->message, env, transport::stream));
    if (is<need_buffer>(next)) {
      have_ = had;
      served_ = served;
      return next;
    }
    if (!is<send>(next) && !is<ignored>(next)) waits_ = false;
    return next;
  }
  /// Converts a step of the exchange to a step of this class.
  [[nodiscard]] constexpr step said(const typename Exchange::step& s) {
    return std::visit(
        [&](auto word) -> step {
          if constexpr (std::same_as<decltype(word), send>) {
            word.octets = x_->framed();
            have_ = 0;
            sent_ = word;
            waits_ = true;
            may_repeat_ = served_;
            over_ = word.then == afterwards::finished;
          } else {
            over_ = is_done_ = std::same_as<decltype(word), done>;
            failed_ = std::same_as<decltype(word), failed>;
          }
          return word;
        },
        s);
  }

 private:
  constexpr step ended() {
    if (over_) return done{};
    if (have_ == 0 && served_ && !waits_) return need_more{};
    if (have_ != 0 || !may_repeat_) return said(x_->abandon({.code = errc::stream_ended}));
    may_repeat_ = false;
    send again = sent_;
    again.octets = x_->framed();  // the buffer may be another one by now
    again.fresh = false;
    return again;
  }
  constexpr step said_done() {
    is_done_ = true;
    have_ = 0;
    return done{};
  }
  ref<Exchange> x_;
  std::span<std::uint8_t> buffer_;
  std::size_t have_ = 0;
  send sent_{};
  bool served_ = false;      // the peer has answered a request
  bool waits_ = false;       // for the answer to sent_
  bool may_repeat_ = false;  // sent_ may have gone to a stream that the peer had closed
  bool over_ = false;        // nothing more is expected
  bool is_done_ = false;     // and what arrives is dropped unread
  bool failed_ = false;
};

}  // namespace kerb::inline v0
