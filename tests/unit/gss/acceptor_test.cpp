// The acceptor of a context: the last token in DCE style.
#include "support/both.hpp"
#include "support/gss_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

/// An acceptor that waits for the last token in DCE style, which a test makes.
struct third_leg {
  gss_world w;
  basic_credential<key> c = w.credential();
  std::array<std::uint8_t, 256> out{};
  std::optional<gss_world::initiator> i;
  std::optional<gss_world::acceptor> a;

  constexpr third_leg() {
    w.flags = {gss_flag_t::dce_style, gss_flag_t::conf};
    w.answer.subkey = false;  // the exchange proposes one nevertheless
    i.emplace(w.initiator_params(c));
    a.emplace(w.acceptor_params());
    auto first = i->start(w.turn());
    auto s = w.take(*a, gss_world::must_be<send>(first).octets);
    (void)gss_world::must_be<gss::continue_with>(s);
  }
  constexpr std::optional<std::uint32_t> number() {
    const auto own = asn1::decode<msg::ApRep>(must(reply()));
    std::array<std::uint8_t, 256> octets{};
    detail::workspace in(octets);
    const auto plain = open_sealed(w.policy, must(own).enc_part, c.session_key(), key_usage_t::ap_rep_enc_part, in);
    const auto part = must(asn1::decode<msg::EncApRepPart>(bytes_view(must(plain))));
    subkey = part.subkey.has_value();
    return part.seq_number;
  }
  constexpr result<bytes_view> reply() { return a->framed().subview(4); }
  bool subkey = false;

  /// What comes of a last token with this contents.
  constexpr error take(const msg::EncApRepPart& part) {
    der::writer writer(out);
    errc why = errc::ok;
    auto sealed = asn1::computed{
        [&](der::writer& to) { write_sealed(to, part, c.session_key(), key_usage_t::ap_rep_enc_part, w.turn(), why); }};
    asn1::write(writer, msg::BasicApRep<decltype(sealed)>{sealed});
    const auto s = a->receive(writer.written_since(0), w.turn());
    return is<done>(s) ? error{} : gss_world::reason(s);
  }
};
constexpr kerberos_time another{1600000000};

KERB_BOTH("acceptor: in DCE style the last token has our number, and the time of any clock", "[gss][ms-kile-3.4.5.1]",
          [] {
            third_leg t;
            const auto n = t.number();
            return n && t.subkey && t.take({another, {123}, {}, n}).ok() && std::move(*t.a).take();
          })
KERB_BOTH("acceptor: in DCE style a last token with another number, or without one, fails", "[gss][ms-kile-3.4.5.1]",
          [] {
            third_leg other, none;
            const auto n = other.number();
            return is(other.take({another, {0}, {}, *n + 1}), errc::bad_order, "EncAPRepPart", "seq-number") &&
                   is(none.take({another, {0}, {}, {}}), errc::bad_order, "EncAPRepPart", "seq-number") &&
                   !std::move(*none.a).take();
          })
KERB_BOTH("acceptor: in DCE style a last token with a subkey fails, because ours has one", "[gss][ms-kile-3.4.5.1]",
          [] {
            third_leg t;
            const auto n = t.number();
            return is(t.take({another, {0}, key_as_sent(etype_t::aes256_cts_hmac_sha1_96, subkey_octets), n}),
                      errc::reflected_token, "EncAPRepPart", "subkey");
          })
KERB_BOTH("acceptor: in DCE style our own token is no last token", "[gss][ms-kile-3.4.5.1]", [] {
  third_leg t;
  const bytes_view own = must(t.reply());
  return is(gss_world::reason(t.a->receive(own, t.w.turn())), errc::reflected_token, "AP-REP", "");
})

}  // namespace
