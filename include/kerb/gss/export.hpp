// Exports a context of GSS-API to octets, and imports it again, in this process or another.
#pragma once
#include "../asn1/decode.hpp"
#include "../asn1/encode.hpp"
#include "context.hpp"

namespace kerb::inline v0::gss {

/// An exported context. No standard defines this type:
///
///   ExportedContext ::= SEQUENCE {
///     version [0] INTEGER (1), acceptor [1] BOOLEAN, flags [2] UInt32, bound [3] BOOLEAN,
///     crealm [4] Realm, cname [5] PrincipalName, srealm [6] Realm, sname [7] PrincipalName,
///     endtime [8] KerberosTime, numbers [9] OCTET STRING (SIZE (32)),
///     key [10] EncryptionKey, subkey [11] EncryptionKey OPTIONAL,
///     acceptor-subkey [12] EncryptionKey OPTIONAL }
///
/// `numbers` are four big-endian numbers of 64 bits: the next one to send, the next one to
/// receive, which of the 64 before that have arrived, and the end of the numbers with which RC4 may
/// encrypt.
struct ExportedContext {
  bool acceptor = false;  ///< the context is the acceptor's side
  uint32 flags;
  bool bound = false;
  kerberos_realm crealm;
  msg::PrincipalName cname;
  kerberos_realm srealm;
  msg::PrincipalName sname;
  kerberos_time endtime;
  bytes_view numbers;
  msg::EncryptionKey key;
  std::optional<msg::EncryptionKey> subkey;
  std::optional<msg::EncryptionKey> acceptor_subkey;

  static consteval auto asn1() {
    using T = ExportedContext;
    using namespace kerb::asn1;
    return sequence("ExportedContext", tag<0>("version", 1), tag<1>("acceptor", &T::acceptor),
                    tag<2>("flags", &T::flags), tag<3>("bound", &T::bound), tag<4>("crealm", &T::crealm),
                    tag<5>("cname", &T::cname), tag<6>("srealm", &T::srealm), tag<7>("sname", &T::sname),
                    tag<8>("endtime", &T::endtime), tag<9>("numbers", &T::numbers), tag<10>("key", &T::key),
                    tag<11>("subkey", &T::subkey), tag<12>("acceptor-subkey", &T::acceptor_subkey));
  }
};

/// For export and import: what a window remembers.
struct window_octets {
  static constexpr std::uint64_t seen(const sequence_window& w) { return w.seen_; }
  static constexpr sequence_window of(std::uint64_t next, std::uint64_t seen) {
    sequence_window w(next);
    w.seen_ = seen;
    return w;
  }
};

/// Writes and reads exported contexts, for context::export_to() and import_context().
template <crypto_policy C>
class exported_context {
 public:
  static constexpr std::size_t numbers_octets = 32;
  using key = typename C::key;

  static constexpr result<secret_view> write(context<C>& c, std::span<std::uint8_t> buffer KERB_LIFETIMEBOUND,
                                             const C& crypto) {
    if (!c.alive_) return errc::api_misuse;
    std::array<std::uint8_t, numbers_octets> numbers{};
    const std::uint64_t four[] = {c.next_, c.window_.next(), window_octets::seen(c.window_), c.seal_end_};
    for (std::size_t i = 0; i != numbers.size(); ++i) {
      numbers[i] = static_cast<std::uint8_t>(four[i / 8] >> (8 * (7 - i % 8)));
    }
    const auto sent = [&](const key& k) {
      return msg::EncryptionKey{crypto.etype_of(k), crypto.expose(k).unguarded()};
    };
    ExportedContext x;
    x.acceptor = c.here_ == side::acceptor;
    x.flags = c.flags_.bits;
    x.bound = c.bound_;
    x.crealm = c.initiator_.realm;
    x.cname = c.initiator_.name;
    x.srealm = c.acceptor_.realm;
    x.sname = c.acceptor_.name;
    x.endtime = c.endtime_;
    x.numbers = bytes_view(numbers);
    x.key = sent(c.keys_.session_key);
    if (c.keys_.initiator_subkey) x.subkey = sent(*c.keys_.initiator_subkey);
    if (c.keys_.acceptor_subkey) x.acceptor_subkey = sent(*c.keys_.acceptor_subkey);
    const std::size_t n = asn1::encoded_size(x);
    if (buffer.size() < n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n)};
    const auto octets = asn1::encode(x, buffer.first(n));
    if (!octets) return octets.error();
    const context<C> over = std::move(c);
    return secret_view(*octets);
  }

  static constexpr result<context<C>> read(secret_view octets, C& crypto) {
    const auto x = asn1::decode<ExportedContext>(octets.unguarded(), der::strict);
    if (!x) return x.error();
    const auto fault = [](errc c, const char* field) {
      return error{.code = c, .type = "ExportedContext", .field = field};
    };
    if ((x->flags & ~known_flags) != 0) return fault(errc::bad_flags, "flags");
    if (x->numbers.size() != numbers_octets) return fault(errc::wrong_constant, "numbers");
    const gss_flags flags = gss_flags::of(x->flags);
    // The acceptor's subkey comes in the AP-REP
    if (x->acceptor_subkey && !flags.has(gss_flag_t::mutual)) return fault(errc::flags_mismatch, "acceptor-subkey");
    auto session = crypto.import(x->key.keytype, x->key.keyvalue);
    if (!session) return fault(session.error().code, "key");
    detail::context_parts<key> parts{x->acceptor ? side::acceptor : side::initiator,
                                     flags,
                                     {std::move(*session), {}, {}, {}, {}},
                                     {x->cname, x->crealm},
                                     {x->sname, x->srealm},
                                     x->endtime,
                                     x->bound};
    if (x->subkey) {
      auto k = crypto.import(x->subkey->keytype, x->subkey->keyvalue);
      if (!k) return fault(k.error().code, "subkey");
      parts.keys.initiator_subkey.emplace(std::move(*k));
    }
    if (x->acceptor_subkey) {
      auto k = crypto.import(x->acceptor_subkey->keytype, x->acceptor_subkey->keyvalue);
      if (!k) return fault(k.error().code, "acceptor-subkey");
      parts.keys.acceptor_subkey.emplace(std::move(*k));
    }
    std::uint64_t four[4] = {};
    for (std::size_t i = 0; i != numbers_octets; ++i) four[i / 8] = four[i / 8] << 8 | x->numbers[i];
    context<C> c(std::move(parts));
    c.next_ = four[0];
    c.window_ = window_octets::of(four[1], four[2]);
    c.seal_end_ = four[3];
    return c;
  }
};

/// Exports the context at the front of `buffer`, which must not overlap the buffers of the exchange
/// that established it, and returns the octets. The context is then over and has no names: two
/// contexts that count the same numbers would make tokens with the same number. On failure the
/// context is unchanged.
/// Errors: errc::no_space (detail: octets needed), before anything is written; errc::api_misuse for
/// a context that was moved from or exported before.
///
/// The octets contain the context's keys. Protect them as you protect keys, and wipe them when the
/// context was imported and its names are no longer used. Not exported: the client's authorization
/// data (client()) and delegated credentials (delegated()); use them before.
template <crypto_policy C>
constexpr result<secret_view> context<C>::export_to(std::span<std::uint8_t> buffer, const C& crypto) && {
  return exported_context<C>::write(*this, buffer, crypto);
}

/// Imports a context from all of `octets`, which must outlive it: its names are views of them. It
/// continues where the exported one ended; client() is null, and has_delegated() is false. The
/// octets must come from export_to(): whoever can change them can make any context. Import them
/// once. Errors: those of asn1::decode(), also for another version (errc::wrong_constant);
/// errc::bad_flags for unknown flags; errc::flags_mismatch for an acceptor's subkey without mutual
/// authentication; those of the policy's import() for a key.
template <crypto_policy C>
[[nodiscard]] constexpr result<context<C>> import_context(secret_view octets, C& crypto) {
  return exported_context<C>::read(octets, crypto);
}

}  // namespace kerb::inline v0::gss
