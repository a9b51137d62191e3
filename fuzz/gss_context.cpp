// Contexts of GSS-API over tokens of any kind. The first octet says what the rest is: a context token or message as it
// stands, what is under the seal of one, or an exported context.
#include <algorithm>
#include <kerb/crypto/botan.hpp>
#include <kerb/crypto/des3.hpp>
#include <kerb/crypto/rc4.hpp>

#include "require.hpp"
#include "support/gss_world.hpp"

using namespace kerb;
using namespace kerb_test;
using kerb_fuzz::require;

namespace {

using policy = testing::insecure_policy;
using world = gss_world;
using context = world::context;
enum class shape : std::uint8_t {
  first_token,    ///< given to an acceptor
  authenticator,  ///< under the seal of an AP-REQ
  checksum,       ///< in an Authenticator that is fine otherwise
  third_token,    ///< in DCE style
  third_part,     ///< under its seal
  answer,         ///< given to an initiator
  answer_part,    ///< under the seal of an AP-REP
  wrap,           ///< a message
  sealed,         ///< a Wrap token's header, and what its seal holds
  mic,            ///< a MIC token over nothing
  mic_header,     ///< the header of a MIC token that is signed
  exported,       ///< an exported context
  weak,           ///< a message in a context of RC4 or triple DES
  weak_text,      ///< a number, and what the seal of such a Wrap token holds
};
constexpr std::uint8_t last_shape = static_cast<std::uint8_t>(shape::weak_text);
constexpr std::uint8_t text[] = {'s', 'o', 'm', 'e', ' ', 't', 'e', 'x', 't'};
constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf,
                          gss_flag_t::integ};
constexpr gss_flags dce_style{gss_flag_t::dce_style, gss_flag_t::replay, gss_flag_t::sequence};

void is_no_misuse(const error& e, const char* of) {
  require(e.code != errc::ok && e.code != errc::api_misuse, "is no misuse, whatever came", of);
}
/// A token as `message` would be sent, under a seal that hides nothing.
template <class T>
auto sealing(bytes_view plain, const key& k, key_usage_t usage, world& w, errc& why) {
  return asn1::computed{
      [=, &k, &w, &why](der::writer& to) { write_sealed(to, captured<T>::as_sent(plain), k, usage, w.turn(), why); }};
}
bytes_view ap_rep_around(world& w, bytes_view plain, std::span<std::uint8_t> out) {
  errc why = errc::ok;
  const key k = w.session_key();
  auto part = sealing<msg::EncApRepPart>(plain, k, key_usage_t::ap_rep_enc_part, w, why);
  return *asn1::encode(msg::BasicApRep<decltype(part)>{part}, out);
}
bytes_view inside(bytes_view cipher) {
  return cipher.size() < 16 ? bytes_view() : cipher.subview(8, cipher.size() - 16);
}

/// An established context can be used, and says what the ticket says.
void use(context c, world& w) {
  require(same_principal(c.initiator(), alice) && same_principal(c.acceptor(), web), "is of the ticket's client");
  require((c.flags().bits & ~gss::known_flags) == 0, "has known flags only");
  std::array<std::uint8_t, 100> token{};
  std::array<std::uint8_t, 4096> opened{};
  require(c.wrap(text, gss::protection::confidentiality, token, w.policy).has_value(), "makes messages");
  if (const auto cred = c.delegated(opened, w.turn())) {
    require(cred->size() != 0, "has no empty list of credentials");
    for (std::size_t i = 0; i != cred->size(); ++i) require(cred->facts(i).has_value(), "describes each credential");
  }
}

void accept(world& w, bytes_view token) {
  world::acceptor a(w.acceptor_params());
  const auto s = w.take(a, token);
  if (is<reply>(s) || is<done>(s)) {
    use(*std::move(a).take(), w);
    return;
  }
  if (is<gss::continue_with>(s)) return;
  is_no_misuse(world::reason(s), "the acceptor");
  require(a.peer() == nullptr && !std::move(a).take(), "leaves nobody authenticated", "a refusal");
  require(!holds(w.acceptor_buffer, alice_parts[1].octets), "leaves nothing that was opened", "a refusal");
  if (const auto* no = std::get_if<refused>(&s); no != nullptr && !no->octets.empty()) {
    const auto t = read_krb5_token(no->octets);
    require(t && t->id == gss_token_t::krb_error && asn1::decode<msg::KrbError>(t->message),
            "is told by a KRB-ERROR in a token", "a refusal");
  }
}

void third(world& w, bytes_view rest, bool sealed) {
  w.flags = dce_style;
  const auto c = w.credential();
  world::initiator i(w.initiator_params(c));
  world::acceptor a(w.acceptor_params());
  const auto first = i.start(w.turn());
  const auto s = w.take(a, std::get<send>(first).octets);
  const auto own = asn1::decode<msg::ApRep>(std::get<gss::continue_with>(s).octets);
  std::array<std::uint8_t, 2048> out{};
  const bytes_view token = sealed ? ap_rep_around(w, rest, out) : rest;
  const auto last = a.receive(token, w.turn());
  if (!is<done>(last)) {
    is_no_misuse(world::reason(last), "the acceptor");
    require(!std::move(a).take(), "has no product before the end");
    return;
  }
  const auto rep = asn1::decode<msg::ApRep>(token);
  require(rep.has_value(), "ends by an AP-REP only");
  const auto part = asn1::decode<msg::EncApRepPart>(inside(rep->enc_part.cipher));
  const auto sent = asn1::decode<msg::EncApRepPart>(inside(own->enc_part.cipher));
  require(part && sent && part->seq_number == sent->seq_number, "ends by its own number only");
  require(!(rep->enc_part.cipher == own->enc_part.cipher), "ends by no token of its own");
  if (!sealed) {
    const auto good = i.receive(std::get<gss::continue_with>(s).octets, w.turn());
    require(is<send>(good), "goes on", "the initiator");
  }
}

void answer_to(world& w, bytes_view rest, bool sealed, bool dce) {
  w.flags = dce ? dce_style : usual;
  const auto c = w.credential();
  world::initiator i(w.initiator_params(c));
  require(is<send>(i.start(w.turn())), "starts", "the initiator");
  std::array<std::uint8_t, 2048> out{};
  bytes_view token = rest;
  if (sealed) {
    token = ap_rep_around(w, rest, out);
    if (!dce) token = w.framed(token, gss_token_t::ap_rep);
  }
  const auto s = i.receive(token, w.turn());
  if (is<done>(s) || is<send>(s)) {
    require(is<send>(s) == dce, "sends a third token in DCE style only");
    const bytes_view m = dce ? token : (*read_krb5_token(token)).message;
    const auto rep = asn1::decode<msg::ApRep>(m);
    require(rep.has_value(), "ends by an AP-REP only");
    const auto part = asn1::decode<msg::EncApRepPart>(inside(rep->enc_part.cipher));
    require(part && part->ctime == w.now.at && part->cusec == w.now.usec, "ends by its own time only");
    use(*std::move(i).take(), w);
    return;
  }
  if (const auto* n = std::get_if<need_buffer>(&s)) {
    require(n->size > w.initiator_buffer.size(), "asks for a larger buffer", "the initiator");
    return;
  }
  is_no_misuse(world::reason(s), "the initiator");
  require(!std::move(i).take(), "has no product before the end");
}

/// A message from the initiator to the acceptor. Whatever comes, the true one opens after it as if nothing had been.
void message(world& w, shape s, bytes_view rest, bool in_place) {
  w.flags = usual;
  const auto c = w.credential();
  auto p = w.establish(c);
  std::array<std::uint8_t, 100> honest{}, honest_mic{};
  const bytes_view good = *p.ours.wrap(text, gss::protection::confidentiality, honest, w.policy);
  const bytes_view good_mic = *p.ours.get_mic(bytes_view(text), honest_mic, w.policy);
  const std::uint64_t number = (*gss::read_message_header(good, gss_token_t::wrap)).seq;
  const key k = *w.policy.import(p.ours.etype(w.policy), p.ours.session_key(w.policy).unguarded());
  std::array<std::uint8_t, 2048> octets{}, out{};
  bytes_view token = rest;
  std::size_t plain = 0;
  if (s == shape::sealed) {
    if (rest.size() < 16) return;
    const bytes_view m = rest.subview(16);
    plain = m.size();
    std::copy(rest.begin(), rest.begin() + 16, octets.begin());
    const std::span<std::uint8_t> seal = std::span(octets).subspan(16, 8 + plain + 8);
    std::copy(m.begin(), m.end(), seal.begin() + 8);
    require(w.policy.seal(k, key_usage_t::gss_initiator_seal, seal) == errc::ok, "seals", "the target");
    token = bytes_view(octets).first(16 + seal.size());
  } else if (s == shape::mic_header) {
    if (rest.size() < 16) return;
    std::copy(rest.begin(), rest.begin() + 16, octets.begin());
    const bytes_view pieces[] = {rest.first(16)};
    require(w.policy.sign(w.policy.cksum_of(k.etype())->type, k, key_usage_t::gss_initiator_sign, pieces,
                          std::span(octets).subspan(16, 8)) == errc::ok,
            "signs", "the target");
    token = bytes_view(octets).first(24);
  }
  std::optional<gss::order> seen;
  error why{};
  if (s == shape::mic || s == shape::mic_header) {
    const auto r = p.theirs.verify_mic(bytes_view(), token, w.policy);
    if (r) seen = *r;
    else why = r.error();
    require(!seen || s == shape::mic_header, "verifies no MIC that was not made");
  } else {
    std::array<std::uint8_t, 2048> copy{};
    std::copy(token.begin(), token.end(), copy.begin());
    const auto r = in_place ? p.theirs.unwrap_in_place(std::span(copy).first(token.size()), w.policy)
                            : p.theirs.unwrap(token, out, w.policy);
    if (r) {
      seen = r->seen;
      require(r->message.size() + 16 <= token.size(), "opens no more than came");
      if (s == shape::sealed) {
        require(r->message.size() + 16 <= plain, "opens nothing without the header's copy");
      } else {  // the fuzzer has no key: what verifies is of the corpus, rotated at most
        require(bytes_view(r->message) == bytes_view(text), "opens nothing that was not made");
      }
    } else {
      why = r.error();
    }
  }
  if (!seen) is_no_misuse(why, "the context");
  const auto h =
      gss::read_message_header(token, static_cast<gss_token_t>(token.size() < 2 ? 0 : token[0] << 8 | token[1]));
  require(!seen || h.has_value(), "opens nothing without a header");
  require(!seen || (*seen == gss::order::in_order) == (h->seq == number), "knows the order");
  const auto next = p.theirs.unwrap(good, out, w.policy);
  require(next && bytes_view(next->message) == bytes_view(text), "opens the true message after it");
  if (!seen) {
    require(next->seen == gss::order::in_order, "changes nothing by a failure");
    require(*p.theirs.verify_mic(bytes_view(text), good_mic, w.policy) == gss::order::in_order, "nor its window");
  }
}

/// A side of a context of RC4 or triple DES. These need true ciphers.
using weak_policy = engine<botan::primitives, kerb::weak::rc4, kerb::weak::des3>;
gss::context<weak_policy> weak_side(weak_policy& p, etype_t e, side here) {
  constexpr std::array<std::uint8_t, 24> octets{1, 2, 3, 4, 5, 6, 7, 8, 9};
  gss::detail::context_parts<key> parts;
  parts.here = here;
  parts.flags = usual;
  parts.keys.session_key = *p.import(e, bytes_view(octets).first(p.key_octets(e)));
  parts.keys.initiator_seq = 7;
  return gss::context<weak_policy>(std::move(parts));
}
/// The message of an opened token; the error is no misuse.
std::optional<bytes_view> opened_weak(gss::context<weak_policy>& c, weak_policy& p, bytes_view token,
                                      std::span<std::uint8_t> out) {
  const auto got = c.unwrap(token, out, p);
  if (got) return bytes_view(got->message);
  is_no_misuse(got.error(), "the context");
  return std::nullopt;
}
/// A message from the initiator to the acceptor, as message() has them.
void weak_message(etype_t e, bytes_view rest) {
  static weak_policy p;
  auto ours = weak_side(p, e, side::initiator), theirs = weak_side(p, e, side::acceptor);
  std::array<std::uint8_t, 100> honest{}, honest_mic{};
  std::array<std::uint8_t, 2048> out{};
  const bytes_view good = *ours.wrap(text, gss::protection::confidentiality, honest, p);
  const bytes_view good_mic = *ours.get_mic(bytes_view(text), honest_mic, p);
  const auto m = opened_weak(theirs, p, rest, out);
  require(!m || *m == bytes_view(text), "opens nothing that was not made");
  const auto signs = theirs.verify_mic(bytes_view(text), rest, p);
  if (!signs) is_no_misuse(signs.error(), "the context");
  const auto next = theirs.unwrap(good, out, p);
  require(next && bytes_view(next->message) == bytes_view(text), "opens the true message after it");
  if (m || signs) return;
  require(next->seen == gss::order::in_order, "changes nothing by a failure");
  require(*theirs.verify_mic(bytes_view(text), good_mic, p) == gss::order::in_order, "nor its window");
}
/// A sealed token that someone with the key has made of any confounder, message and padding.
void weak_text(etype_t e, bytes_view rest) {
  static weak_policy p;
  if (rest.size() < 4 + 8) return;
  auto theirs = weak_side(p, e, side::acceptor);
  const auto form = *gss::tokens_1964_of(e);
  const bytes_view plain = rest.subview(4);
  std::array<std::uint8_t, 2048> octets{}, out{};
  const std::size_t framed = 11 + form.mic_octets() + plain.size();
  const std::span<std::uint8_t> token = std::span(octets).first(1 + gss::wrap_sizes::length_octets(framed) + framed);
  const auto inner = gss::write_header_1964(token, framed, gss_token_t::wrap_v1, true, form);
  const std::span<std::uint8_t> seal = inner.subspan(form.mic_octets());
  std::copy(plain.begin(), plain.end(), seal.begin());
  std::uint32_t n = 0;
  for (std::size_t i = 0; i != 4; ++i) n = n << 8 | rest[i];
  const key k = *p.import(e, theirs.session_key(p).unguarded());
  const auto signing = *p.prepare(k, form.wrap_usage);
  const bytes_view pieces[] = {plain};
  const errc why =
      gss::codec_1964<weak_policy>(form, k, signing, form.wrap_usage, p).protect(inner, pieces, n, false, seal);
  require((why == errc::ok) == (plain.size() % form.block == 0), "seals whole blocks", "the target");
  if (why != errc::ok) return;
  const auto m = opened_weak(theirs, p, token, out);
  const std::uint8_t last = plain[plain.size() - 1];
  require(!m || m->size() + last + 8 == plain.size(), "removes the padding");
  require(!m || *m == plain.subview(8, m->size()), "opens what was sealed");
}

void import(world& w, bytes_view rest) {
  auto c = gss::import_context(secret_view(rest), w.policy);
  if (!c) {
    is_no_misuse(c.error(), "the import");
    return;
  }
  std::array<std::uint8_t, 4096> again{};
  const auto v = std::move(*c).export_to(again, w.policy);
  require(v && v->unguarded() == rest, "is exported as it was imported", "a context");
  auto d = gss::import_context(*v, w.policy);
  require(d.has_value(), "is imported again", "a context");
  std::array<std::uint8_t, 100> token{}, out{};
  const auto made = d->wrap(text, gss::protection::confidentiality, token, w.policy);
  require(made.has_value(), "makes messages");
  require(d->unwrap(*made, out, w.policy).error().code == errc::reflected_token, "opens no message of its own");
  require(d->initiator().name.name_string.size() < 4096, "has names");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1200) return 0;
  const shape s{static_cast<std::uint8_t>((data[0] & 15) % (last_shape + 1))};
  const bool other = (data[0] & 16) != 0;
  const bytes_view rest(data + 1, size - 1);
  world w;
  switch (s) {
    case shape::first_token: accept(w, rest); break;
    case shape::authenticator: {
      errc why = errc::ok;
      const key k = w.session_key();
      auto part = sealing<msg::Authenticator>(rest, k, key_usage_t::ap_req_authenticator, w, why);
      std::array<std::uint8_t, 4096> out{};
      const auto req = asn1::encode(
          msg::BasicApReq<decltype(part)>{w.options, captured<msg::Ticket>::as_sent(w.mint_ticket()), part}, out);
      accept(w, other ? *req : w.framed(*req));
      break;
    }
    case shape::checksum:
      w.authenticator.cksum = msg::Checksum{cksum_t::gssapi, rest};
      accept(w, w.framed(w.mint()));
      break;
    case shape::third_token: third(w, rest, false); break;
    case shape::third_part: third(w, rest, true); break;
    case shape::answer: answer_to(w, rest, false, other); break;
    case shape::answer_part: answer_to(w, rest, true, other); break;
    case shape::exported: import(w, rest); break;
    case shape::weak: weak_message(other ? etype_t::rc4_hmac : etype_t::des3_cbc_sha1_kd, rest); break;
    case shape::weak_text: weak_text(other ? etype_t::rc4_hmac : etype_t::des3_cbc_sha1_kd, rest); break;
    default: message(w, s, rest, other); break;
  }
  return 0;
}
