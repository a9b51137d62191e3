// The per-message tokens of RFC 4121 section 4.2: their headers, and what the key of the context shows of the rest.
#pragma once
#include <kerb/gss/token.hpp>

#include "builder.hpp"

namespace inspect {

/// One token, and the search for the key and, for a MIC, the message that fit it.
class per_message {
 public:
  per_message(bytes_view token, kerb::gss::message_header h, keyring& keys)
      : token_(token), header_(h), keys_(keys), known_(keys.progress_of(token)) {}

  bool found() const { return known_.key != item::no_key; }
  std::size_t key() const { return known_.key; }
  /// Which key fits, or that none does; nothing if there are no keys.
  std::string remark(const char* fits, const char* none) const {
    if (!found()) return keys_.empty() ? "" : none;
    return std::string(fits) + " with " + keys_.keys()[known_.key].whose + ", key usage " +
           std::to_string(static_cast<int>(usage()));
  }
  /// What a MIC covers.
  const std::string& covered() const { return keys_.messages()[known_.message].what; }

  /// What follows the header, after the rotation to the right is undone. In DCE style, sealed tokens are rotated by RRC
  /// and EC (MS-KILE section 3.4.5.4.1).
  octets turned(bool by_ec) const {
    const bytes_view rest = token_.subview(kerb::gss::message_header_octets);
    octets out = copied(rest);
    const std::size_t by = std::size_t{header_.rrc} + (by_ec ? header_.ec : 0);
    if (!out.empty()) std::rotate(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(by % out.size()), out.end());
    return out;
  }
  octets turned() const { return turned(known_.turned_by_ec); }

  /// Opens a sealed Wrap token; empty octets if no key does. They are valid as long as the ring.
  bytes_view open() {
    bytes_view plain;
    search([&](std::size_t key, const policy::prepared_key& k) {
      for (const bool by_ec : {false, true}) {
        if (by_ec && header_.ec == 0) break;
        const octets sealed = turned(by_ec);
        octets buffer(sealed.size());
        const auto opened = keys_.crypto().unseal(k, usage(), sealed, buffer);
        if (!opened) continue;
        octets& kept = keys_.workspace(opened->size());
        kept.assign(opened->begin(), opened->end());
        plain = kept;
        known_.key = key;
        known_.turned_by_ec = by_ec;
        return true;
      }
      return false;
    });
    return plain;
  }
  /// Verifies the checksum of a Wrap token that is not sealed.
  void verify(bytes_view message, bytes_view tag) {
    header_.ec = header_.rrc = 0;  // RFC 4121 section 4.2.4: they count as zero in the checksum
    search([&](std::size_t key, const policy::prepared_key& k) { return verifies(key, k, message, tag); });
  }
  /// Verifies a MIC token over each message that is known.
  void verify_mic() {
    const bytes_view tag = token_.subview(kerb::gss::message_header_octets);
    search([&](std::size_t key, const policy::prepared_key& k) {
      for (std::size_t m = 0; m != keys_.messages().size(); ++m) {
        known_.message = m;
        if (verifies(key, k, keys_.messages()[m].whole, tag)) return true;
      }
      return false;
    });
  }

 private:
  kerb::key_usage_t usage() const {
    using enum kerb::key_usage_t;
    const bool acceptor = header_.has(kerb::gss::token_flag::sent_by_acceptor);
    if (header_.id == kerb::gss_token_t::mic) return acceptor ? gss_acceptor_sign : gss_initiator_sign;
    return acceptor ? gss_acceptor_seal : gss_initiator_seal;
  }
  bool verifies(std::size_t key, const policy::prepared_key& k, bytes_view message, bytes_view tag) {
    const auto cksum = keys_.crypto().cksum_of(keys_.keys()[key].key.etype());
    if (!cksum) return false;
    const auto header = header_.octets();
    const bytes_view pieces[] = {message, header};
    if (keys_.crypto().verify(cksum->type, k, usage(), pieces, tag) != kerb::errc::ok) return false;
    known_.key = key;
    return true;
  }
  /// Tries each key that may protect messages, or again the one that has fitted. What has been tried without success is
  /// tried again only with further keys or messages.
  template <class Try>
  void search(Try&& fits) {
    const auto with = [&](std::size_t n) {
      if (!kerb::gss::has_cfx_tokens(keys_.keys()[n].key.etype())) return false;
      const policy::prepared_key* const k = keys_.prepared(n, usage());
      return k != nullptr && fits(n, *k);
    };
    if (found()) return (void)with(known_.key);
    const std::size_t messages = header_.id == kerb::gss_token_t::mic ? keys_.messages().size() : 0;
    if (known_.keys == keys_.size() && known_.messages == messages) return;
    const std::size_t first = known_.messages == messages ? known_.keys : 0;
    known_.keys = keys_.size();
    known_.messages = messages;
    for (const std::size_t n : keys_.context_keys())
      if (n >= first && with(n)) return keys_.remember_context(n);
  }

  bytes_view token_;
  kerb::gss::message_header header_;
  keyring& keys_;
  keyring::token_progress& known_;
};

/// What a sealed token contains, RFC 4121 section 4.2.4: the message, EC octets of filler, and the header again.
inline void show_opened(bytes_view plain, const kerb::gss::message_header& h, place inside) {
  inside.in_plaintext = true;
  inside.offset = 0;
  const std::size_t behind = std::size_t{h.ec} + kerb::gss::message_header_octets;
  if (plain.size() < behind) {
    inside.bytes("plaintext", plain, 0, plain.size());
    return inside.fail(kerb::errc::truncated, 0, "Wrap token", "EC");
  }
  const std::size_t size = plain.size() - behind;
  inside.bytes("plaintext-data", plain, 0, size);
  inside.keys.add_message("the message of a Wrap token", plain.first(size));
  if (h.ec != 0) inside.bytes("filler", plain, size, h.ec);
  item& again = inside.bytes("header", plain, size + h.ec, kerb::gss::message_header_octets);
  kerb::gss::message_header sent = h;
  sent.rrc = 0;
  const auto expected = sent.octets();
  const bool same = again.contents == copied(expected);
  again.remark = same ? "the token's header, with RRC 0" : "not the token's header";
  if (!same) again.note = {.code = kerb::errc::integrity, .type = "Wrap token", .field = "header"};
}

inline void show_wrap_data(bytes_view in, const kerb::gss::message_header& h, const place& at) {
  constexpr std::size_t front = kerb::gss::message_header_octets;
  const std::size_t mine = at.doc.items.size();
  at.bytes("Data", in, front, in.size() - front);
  per_message token(in, h, at.keys);
  place inside = at.below(front);
  const auto remark = [&](const char* fits, const char* none) { at.doc.items[mine].remark = token.remark(fits, none); };
  if (h.has(kerb::gss::token_flag::sealed)) {
    at.doc.items[mine].holds = content::sealed;
    const bytes_view plain = token.open();
    remark("opened", "no key here opens it");
    at.doc.items[mine].key = token.key();
    if (token.found()) show_opened(plain, h, inside);
    return;
  }
  if (h.ec > in.size() - front) return at.fail(kerb::errc::truncated, 4, "Wrap token", "EC");
  const octets data = token.turned(false);
  inside.placed = data.empty() || h.rrc % data.size() == 0;
  const bytes_view all(data);
  const std::size_t size = data.size() - h.ec;
  token.verify(all.first(size), all.subview(size));
  at.doc.items[mine].holds = content::nested;
  at.doc.items[mine].contents.clear();
  remark("verified", "no key here verifies it");
  inside.bytes("plaintext-data", all, 0, size);
  inside.bytes("checksum", all, size, h.ec);
  if (token.found()) at.keys.add_message("the message of a Wrap token", all.first(size));
}

/// RFC 4121 section 4.2.6. Returns whether `in` looks like such a token.
inline bool show_per_message(bytes_view in, const place& at) {
  using namespace kerb;
  if (in.size() < gss::message_header_octets || in[1] != 4 || (in[0] != 4 && in[0] != 5)) return false;
  const bool wrap = in[0] == 5;
  const auto h = gss::read_message_header(in, wrap ? gss_token_t::wrap : gss_token_t::mic);
  if (!h) return false;
  if (at.doc.name.empty()) at.doc.name = wrap ? "GSS Wrap token" : "GSS MIC token";
  at.number("TOK_ID", in, 0, 2).name = name_of(h->id);
  item& f = at.number("Flags", in, 2, 1);
  constexpr const char* names[] = {"SentByAcceptor", "Sealed", "AcceptorSubkey"};
  for (unsigned b = 0; b != 3; ++b)
    if ((f.number >> b & 1) != 0) f.bits.emplace_back(names[b]);
  at.bytes("Filler", in, 3, wrap ? 1 : 5);
  if (wrap) {
    at.number("EC", in, 4, 2);
    at.number("RRC", in, 6, 2);
  }
  at.number("SND_SEQ", in, 8, 8);
  if (wrap) return show_wrap_data(in, *h, at), true;
  item& sum = at.bytes("SGN_CKSUM", in, 16, in.size() - 16);
  per_message token(in, *h, at.keys);
  token.verify_mic();
  sum.remark = token.remark("verified", "no key here verifies it over a message that is known here (--message)");
  if (token.found()) sum.remark += ", over " + token.covered();
  return true;
}

}  // namespace inspect
