// The hints that a KDC gives a client about its keys, RFC 4120 section 5.2.7.
#pragma once
#include "../../asn1/payload.hpp"
#include "../../core/fixed.hpp"
#include "../../msg/preauth.hpp"

namespace kerb::inline v0::detail {

/// How one of a client's keys is derived from its password.
struct s2k_hint {
  etype_t etype{};
  std::optional<kerberos_string> salt;
  std::optional<bytes_view> s2kparams;
};
using s2k_hints = fixed<s2k_hint, 8>;

/// Whether an encryption type is newer than those of RFC 1510's time: DES, triple DES and RC4.
constexpr bool is_newer_etype(etype_t e) {
  const auto n = static_cast<std::int32_t>(e);
  return n > 16 && n != 23 && n != 24;
}
/// Whether a request names a newer encryption type: RFC 4120 section 5.2.7.4 then forbids the older
/// hints.
constexpr bool names_newer_etype(const asn1::sequence_of<etype_t>& offered) {
  for (const etype_t e : offered)
    if (is_newer_etype(e)) return true;
  return false;
}

template <class F>
constexpr void write_padata(der::writer& w, padata_t type, F contents) {
  auto value = asn1::computed{[&](der::writer& out) { der::wrap(out, der::octet_string, [&] { contents(out); }); }};
  asn1::write(w, msg::BasicPaData<decltype(value)>{type, value});
}

/// Where hints are written: into the e-data of a KRB-ERROR, or into the padata of an AS-REP.
enum class hint_place : std::uint8_t { krb_error, as_rep };

/// Writes METHOD-DATA with PA-ETYPE-INFO2. For clients that know only the older encryption types it
/// adds PA-ETYPE-INFO, and in an AS-REP PA-PW-SALT (RFC 4120 sections 5.2.7.3 to 5.2.7.5). After
/// these come the elements that more(writer) writes.
template <class F>
constexpr void write_hints(der::writer& w, const s2k_hints& hints, bool to_newer_client, hint_place place,
                           const F& more) {
  der::wrap(w, der::sequence, [&] {
    more(w);
    if (hints.empty()) return;
    if (!to_newer_client) {
      // RFC 4120 section 5.2.7.3: not in a KRB-ERROR
      if (const auto& salt = hints[0].salt; salt && place == hint_place::as_rep) {
        write_padata(w, padata_t::pw_salt, [&](der::writer& out) { out.octets(salt->octets); });
      }
      write_padata(w, padata_t::etype_info, [&](der::writer& out) {
        der::wrap(out, der::sequence, [&] {
          for (std::size_t i = hints.size(); i != 0; --i) {
            msg::EtypeInfoEntry e{hints[i - 1].etype, {}};
            if (const auto& salt = hints[i - 1].salt) e.salt = salt->octets;
            asn1::write(out, e);
          }
        });
      });
    }
    write_padata(w, padata_t::etype_info2, [&](der::writer& out) {
      der::wrap(out, der::sequence, [&] {
        for (std::size_t i = hints.size(); i != 0; --i) {
          asn1::write(out, msg::EtypeInfo2Entry{hints[i - 1].etype, hints[i - 1].salt, hints[i - 1].s2kparams});
        }
      });
    });
  });
}

/// An upper bound for the octets that write_hints() writes, without those of more(writer).
constexpr std::size_t size_bound(const s2k_hints& hints) {
  std::size_t n = 64;
  for (const s2k_hint& h : hints) {
    const std::size_t salt = h.salt ? h.salt->octets.size() : 0;
    n += 64 + 3 * salt + (h.s2kparams ? h.s2kparams->size() : 0);  // the first one's salt is written three times
  }
  return n;
}

}  // namespace kerb::inline v0::detail
