// The receivers of KRB-PRIV, KRB-SAFE and KRB-CRED over messages of any kind. The first octet says what the rest is: a
// message as it stands, or what one of them has under its seal or checksum; and what shows that a message is new.
#include "require.hpp"
#include "support/protect_world.hpp"

using namespace kerb;
using namespace kerb_test;
using kerb_fuzz::require;

namespace {

using policy = testing::insecure_policy;
enum class shape : std::uint8_t { priv, safe, cred, priv_part, safe_body, cred_part };

/// The plaintext of a seal that hides nothing.
bytes_view inside(bytes_view cipher) { return cipher.subview(8, cipher.size() - 16); }

/// What the RFC demands of a message that is taken, said once more.
void look(const protect_world& w, const control& c) {
  require(
      c.s_address.addr_type == addr_t::directional && c.s_address.address.size() == 4 && c.s_address.address[3] == 0,
      "takes nothing that goes the other way");
  require(!c.r_address || (c.r_address->addr_type == addr_t::directional && c.r_address->address.size() == 4 &&
                           c.r_address->address[3] == 1),
          "takes nothing for another recipient");
  require(c.timestamp || c.seq_number, "takes nothing that may be old");
  const bool by_time = w.options.by != freshness::sequence_numbers;
  require(!by_time || (c.timestamp && c.usec), "takes nothing without a time");
  require(!c.timestamp || (c.usec && within_skew({*c.timestamp, *c.usec}, w.w.now, 300)), "takes no other time");
  require(w.options.by == freshness::timestamps || c.seq_number == 70000u, "takes no other number");
}
template <class Part>
control said_by(const Part& p) {
  return {p.timestamp, p.usec, p.seq_number, p.s_address, p.r_address};
}

/// Whether it is what the initiator sends first, in any of the settings: they differ in what they demand.
bool is_true(kind k, bytes_view octets) {
  for (const freshness by : {freshness::sequence_numbers, freshness::timestamps, freshness::both}) {
    protect_world w;
    w.options.by = by;
    w.with_store = true;
    auto sender = w.initiator();
    std::array<std::uint8_t, 512> honest{};
    const bytes_view good = *w.make(sender, k, some_data, honest);
    if (k == kind::safe && octets == good) return true;
    if (k == kind::priv &&
        (*asn1::decode<msg::KrbPriv>(octets)).enc_part.cipher == (*asn1::decode<msg::KrbPriv>(good)).enc_part.cipher)
      return true;
  }
  return false;
}

void message(protect_world& w, kind k, bytes_view octets, bool as_it_stands) {
  auto receiver = w.acceptor(), sender = w.initiator();
  w.w.policy.entropy = {};
  std::array<std::uint8_t, 512> honest{};
  std::array<std::uint8_t, 4096> in{};
  const bytes_view good = *w.make(sender, k, some_data, honest);
  const auto r = w.open(receiver, k, octets, in);
  if (!r) {
    require(r.error().code != errc::ok && r.error().code != errc::api_misuse, "is no misuse, whatever came");
    require(receiver.next_expected() == 70000u, "counts nothing that it refuses");
    if (k == kind::priv && r.error().code != errc::no_space) {
      for (const std::uint8_t o : in) require(o == 0, "leaves nothing of what it refuses");
    }
    require(w.open(receiver, k, good, in).has_value(), "takes the true one after all");
    return;
  }
  if (k == kind::priv) {
    const auto m = asn1::decode<msg::KrbPriv>(octets);
    require(m.has_value(), "takes nothing that does not decode");
    if (as_it_stands) {
      require(is_true(k, octets), "takes the true seal only");
      return;
    }
    const auto part = asn1::decode<msg::EncKrbPrivPart>(inside(m->enc_part.cipher));
    require(part && part->user_data == *r, "gives what was sealed");
    look(w, said_by(*part));
  } else {
    if (as_it_stands) {
      require(is_true(k, octets), "takes the true one only");
      return;
    }
    const auto m = asn1::decode<msg::KrbSafe>(octets);
    require(m && m->safe_body->user_data == *r, "gives what the checksum covers");
    look(w, said_by(m->safe_body.value()));
  }
  require(!w.open(receiver, k, octets, in), "takes nothing twice");
}

void cred(protect_world& w, bytes_view octets, bytes_view honest, bool as_it_stands) {
  auto receiver = w.acceptor();
  std::array<std::uint8_t, 8192> buffer{};
  auto r = receiver.open_cred(octets, buffer, w.w.turn());
  if (!r) {
    require(r.error().code != errc::ok && r.error().code != errc::api_misuse, "is no misuse, whatever came");
    if (r.error().code != errc::no_space) {
      for (const std::uint8_t o : buffer) require(o == 0, "leaves nothing of what it refuses");
    }
    require(receiver.open_cred(honest, buffer, w.w.turn()).has_value(), "takes the true one after all");
    return;
  }
  const auto m = asn1::decode<msg::KrbCred>(octets);
  require(m.has_value(), "takes nothing that does not decode");
  if (as_it_stands) {
    require(m->enc_part.cipher == (*asn1::decode<msg::KrbCred>(honest)).enc_part.cipher, "takes the true seal only");
  }
  const auto part = asn1::decode<msg::EncKrbCredPart>(inside(m->enc_part.cipher));
  require(part && part->ticket_info.size() == m->tickets.size() && r->size() == m->tickets.size() && r->size() != 0,
          "takes as many tickets as are described");
  require(part->timestamp && part->usec && within_skew({*part->timestamp, *part->usec}, w.w.now, 300),
          "takes no other time");
  for (std::size_t i = 0; i != r->size(); ++i) {
    const auto c = r->take(i, w.w.policy);
    const bytes_view t = c ? c->ticket() : bytes_view();
    require(c || c.error().code == errc::unsupported_etype || c.error().code == errc::bad_key_length,
            "refuses no key but for what it is");
    require(!c || (t.data() >= buffer.data() && t.end() <= buffer.data() + buffer.size()), "looks at its buffer only");
    require(!c || !r->take(i, w.w.policy), "gives each key once");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1500) return 0;
  const shape s{static_cast<std::uint8_t>((data[0] & 7) % 6)};
  const bytes_view rest(data + 1, size - 1);
  protect_world w;
  w.options.by = static_cast<freshness>((data[0] >> 3) % 3);
  w.with_store = w.options.by == freshness::timestamps;
  const key k = w.w.session_key();
  const auto t = w.w.turn();
  std::array<std::uint8_t, 4096> out{};
  errc why = errc::ok;
  if (s == shape::priv || s == shape::safe) {
    message(w, s == shape::priv ? kind::priv : kind::safe, rest, true);
  } else if (s == shape::priv_part) {
    const auto sealed = asn1::computed{[&](der::writer& to) {
      write_sealed(to, captured<msg::EncKrbPrivPart>::as_sent(rest), k, key_usage_t::krb_priv_enc_part, t, why);
    }};
    message(w, kind::priv, *asn1::encode(msg::BasicKrbPriv<std::remove_const_t<decltype(sealed)>>{sealed}, out), false);
  } else if (s == shape::safe_body) {
    // The checksum over a body of ours, as section 5.6.1 has it
    const auto body = captured<msg::KrbSafeBody>::as_sent(rest);
    std::array<std::uint8_t, 4096> covered{};
    std::array<std::uint8_t, 8> mac{};
    const bytes_view pieces[] = {*asn1::encode(msg::KrbSafe{body, {}}, covered)};
    const cksum_t type = *keyed_cksum_of(k.etype());
    (void)w.w.policy.sign(type, k, key_usage_t::krb_safe_cksum, pieces, mac);
    message(w, kind::safe, *asn1::encode(msg::KrbSafe{body, {type, bytes_view(mac)}}, out), false);
  } else {
    const auto credential = w.w.credential();
    std::array<std::uint8_t, 2048> honest{};
    w.w.policy.entropy = {};
    const bytes_view good = *w.initiator().make_cred(credential, honest, t);
    if (s == shape::cred) {
      cred(w, rest, good, true);
      return 0;
    }
    const auto tickets = (*asn1::decode<msg::KrbCred>(good)).tickets;
    const auto sealed = asn1::computed{[&](der::writer& to) {
      write_sealed(to, captured<msg::EncKrbCredPart>::as_sent(rest), k, key_usage_t::krb_cred_enc_part, t, why);
    }};
    const msg::BasicKrbCred<std::remove_const_t<decltype(sealed)>> m{tickets, sealed};
    cred(w, *asn1::encode(m, out), good, false);
  }
  return 0;
}
