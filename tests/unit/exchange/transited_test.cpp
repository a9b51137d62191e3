// The realms that a client has come through.
#include <kerb/exchange/transited.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "vectors.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

/// Text as octets, in constant expressions too.
struct octets {
  std::array<std::uint8_t, 2200> data{};
  std::size_t size = 0;
  constexpr octets(std::string_view s) {
    for (const char c : s) data[size++] = static_cast<std::uint8_t>(c);
  }
  constexpr bytes_view view() const { return bytes_view(data).first(size); }
  constexpr kerberos_string realm() const { return {view()}; }
};

/// Collects realms with a bar behind each.
struct collected {
  std::array<char, 4096> text{};
  std::size_t size = 0, realms = 0;
  constexpr bool operator()(kerberos_string r) {
    for (const std::uint8_t c : r.octets) text[size++] = static_cast<char>(c);
    text[size++] = '|';
    ++realms;
    return true;
  }
  constexpr std::string_view view() const { return {text.data(), size}; }
  /// Whether these are the realms of `list`, which has bars between them, in any order.
  constexpr bool are(std::string_view list) const {
    std::size_t n = 0;
    while (!list.empty()) {
      const std::size_t end = list.find('|') == list.npos ? list.size() : list.find('|');
      bool found = false;
      for (std::string_view have = view(); !have.empty(); have = have.substr(have.find('|') + 1))
        found |= have.substr(0, have.find('|')) == list.substr(0, end);
      if (!found) return false;
      ++n;
      list = list.substr(end == list.size() ? end : end + 1);
    }
    return n == realms;
  }
  constexpr bool operator==(std::string_view list) const {
    return list.empty() ? size == 0 : size == list.size() + 1 && view().substr(0, list.size()) == list;
  }
};

constexpr error listed(std::string_view contents, std::string_view client, std::string_view server, collected& out) {
  return for_each_transited(octets(contents).view(), octets(client).realm(), octets(server).realm(),
                            [&](kerberos_string r) { return out(r); });
}
constexpr bool lists(std::string_view contents, std::string_view client, std::string_view server,
                     std::string_view realms) {
  collected got;
  return listed(contents, client, server, got).ok() && got == realms;
}
constexpr bool malformed(std::string_view contents, std::string_view client = "A.EX", std::string_view server = "B.EX",
                         std::uint32_t offset = 0) {
  collected got;
  const error e = listed(contents, client, server, got);
  return e.code == errc::bad_transited && e.offset == offset && is_peer_fault(e.code);
}
constexpr bool appends(std::string_view contents, std::string_view added, std::string_view client,
                       std::string_view server, std::string_view expected) {
  std::array<std::uint8_t, 300> out{};
  const auto r = append_transited(octets(contents).view(), octets(added).realm(), octets(client).realm(),
                                  octets(server).realm(), out);
  return r && kerberos_string{*r} == expected && (r->empty() || r->data() == out.data());
}
constexpr bool between(std::string_view a, std::string_view b, std::string_view realms) {
  collected got;
  return for_each_realm_between(octets(a).realm(), octets(b).realm(), [&](kerberos_string r) { return got(r); }) &&
         got == realms;
}
constexpr bool nothing_between(std::string_view a, std::string_view b) {
  collected got;
  return !for_each_realm_between(octets(a).realm(), octets(b).realm(), [&](kerberos_string r) { return got(r); }) &&
         got.realms == 0;
}

// ---- the octet 0

constexpr bool no_realm_contains_the_octet_0() {
  using namespace std::string_view_literals;
  std::array<std::uint8_t, 300> out{};
  for (const std::string_view field : {"\0"sv, "C\0.EX"sv, "C.EX\0"sv, "C.EX,D\0.EX"sv, "C.EX,\\\0"sv}) {
    const octets o(field);
    collected got;
    if (listed(field, "A.EX", "B.EX", got).code != errc::bad_transited) return false;
    const auto r =
        append_transited(o.view(), octets("E.EX").realm(), octets("A.EX").realm(), octets("B.EX").realm(), out);
    if (r || r.error().code != errc::bad_transited) return false;
  }
  const auto r = append_transited({}, octets("E\0EX"sv).realm(), octets("A.EX").realm(), octets("B.EX").realm(), out);
  return !r && r.error().code == errc::bad_transited;
}
KERB_BOTH("transited: a realm with the octet 0 in it is refused, and not passed on", "[exchange][rfc4120-5.2.2]",
          no_realm_contains_the_octet_0);

// ---- other people's vectors

constexpr bool list_vectors() {
  for (const auto& v : transited_list_vectors) {
    collected got;
    if (!listed(v.contents, v.client, v.server, got).ok() || !got.are(v.realms)) return false;
  }
  return transited_list_vectors.size() == 12;
}
KERB_BOTH("transited: fields are expanded as in RFC 4120 and by MIT krb5", "[exchange][rfc4120-3.3.3.2]", list_vectors);

constexpr bool append_vectors() {
  for (const auto& v : transited_append_vectors)
    if (!appends(v.contents, v.added, v.client, v.server, v.result)) return false;
  return transited_append_vectors.size() == 15;
}
KERB_BOTH("transited: realms are appended as by MIT krb5's KDC", "[exchange][rfc4120-3.3.3.2]", append_vectors);

constexpr bool path_vectors() {
  for (const auto& v : realm_path_vectors)
    if (!between(v.client, v.server, v.realms)) return false;
  return realm_path_vectors.size() == 12;
}
KERB_BOTH("realm path: the hierarchical path is the one that MIT krb5 walks", "[exchange][rfc4120-3.3.3.2]",
          path_vectors);

// MIT's [capaths], as they stand in the file that its tests read.
constexpr realm_path capaths[] = {
    {"/COM/HP/APOLLO/FOO"_krb, "/COM/DEC/CRL"_krb, "/COM/DEC"_krb},
    {"/COM/HP/APOLLO/FOO"_krb, "/COM/DEC/CRL"_krb, "/COM"_krb},
    {"/COM/HP/APOLLO/FOO"_krb, "/COM/DEC/CRL"_krb, "/COM/HP"_krb},
    {"/COM/HP/APOLLO/FOO"_krb, "/COM/DEC/CRL"_krb, "/COM/HP/APOLLO"_krb},
    {"ATHENA.MIT.EDU"_krb, "KERBEROS.COM"_krb, {}},
    {"LCS.MIT.EDU"_krb, "KERBEROS.COM"_krb, "ATHENA.MIT.EDU"_krb},
    {"LCS.MIT.EDU"_krb, "ATHENA.MIT.EDU"_krb, {}},
    {"LCS.MIT.EDU"_krb, "KABLOOEY.KERBEROS.COM"_krb, "ATHENA.MIT.EDU"_krb},
    {"LCS.MIT.EDU"_krb, "KABLOOEY.KERBEROS.COM"_krb, "KERBEROS.COM"_krb},
};
constexpr bool capaths_vectors() {
  for (const auto& v : realm_path_capaths_vectors) {
    collected got;
    if (!for_each_realm_between(octets(v.client).realm(), octets(v.server).realm(), {.paths = capaths},
                                [&](kerberos_string r) { return got(r); }) ||
        !(got == v.realms))
      return false;
  }
  return realm_path_capaths_vectors.size() == 2;
}
KERB_BOTH("realm path: listed paths say what MIT krb5's [capaths] say", "[exchange][rfc4120-2.7]", capaths_vectors);

constexpr bool encode_vectors() {
  for (const auto& v : transited_encode_vectors) {
    std::array<std::uint8_t, 100> buffers[2]{};
    bytes_view contents;
    unsigned n = 0;
    for (std::string_view rest = v.realms; !rest.empty(); ++n) {
      const std::size_t end = rest.find('|') == rest.npos ? rest.size() : rest.find('|');
      const auto r = append_transited(contents, octets(rest.substr(0, end)).realm(), octets(v.client).realm(),
                                      octets(v.server).realm(), buffers[n % 2]);
      if (!r) return false;
      contents = *r;
      rest = rest.substr(end == rest.size() ? end : end + 1);
    }
    collected got;
    if (!for_each_transited(contents, octets(v.client).realm(), octets(v.server).realm(),
                            [&](kerberos_string r) { return got(r); })
             .ok() ||
        !got.are(v.realms) || got.realms != n)
      return false;
  }
  return transited_encode_vectors.size() == 3;
}
KERB_BOTH("transited: a list that is made realm by realm expands to it", "[exchange][rfc4120-3.3.3.2]", encode_vectors);

// ---- expansion

constexpr bool quoting() {
  return lists("A\\,B,C\\\\D,E\\.,\\ F,\\ \\ G", "X", "Y", "A,B|C\\D|E.| F|  G") &&
         // a quoted dot and a quoted slash join nothing
         lists("EDU,MIT\\.", "X", "Y", "EDU|MIT.") && lists("/COM,\\/HP", "X", "Y", "/COM|/HP") &&
         // a quoted comma parts nothing, and a quoted letter is itself
         lists("EDU,M\\,IT.,\\A\\T.", "X", "Y", "EDU|M,IT.EDU|AT.M,IT.EDU") &&
         lists("EDU,  /COM", "X", "Y", "EDU|/COM");
}
KERB_BOTH("transited: what is quoted is part of a name", "[exchange][rfc4120-3.3.3.2]", quoting);

constexpr bool space_in_front() {
  return malformed(" EDU", "X", "Y", 0) && malformed("EDU, MIT", "X", "Y", 4) && malformed("EDU, MIT.", "X", "Y", 4) &&
         malformed("/COM, \\/HP", "X", "Y", 5) && lists("EDU,\\ MIT", "X", "Y", "EDU| MIT") &&
         lists("EDU, /COM", "X", "Y", "EDU|/COM");
}
KERB_BOTH("transited: an unquoted space is only in front of a name that begins with a slash",
          "[exchange][rfc4120-3.3.3.2]", space_in_front);

constexpr bool x500_with_equals_sign() {
  return malformed("C=US,/O=OSF,/OU=\\,.,C=DE", "X", "Y", 12) &&  // a slash and a dot: joined at both ends
         lists("C=US,/O=OSF,/OU=\\,\\.,C=DE", "X", "Y", "C=US|C=US/O=OSF|C=US/O=OSF/OU=,.|C=DE") &&
         lists(",", "C=US/O=OSF/OU=A", "C=US/O=ISO", "C=US/O=OSF|C=US");
}
KERB_BOTH("transited: X.500 names as in RFC 4120 section 6.1", "[exchange][rfc4120-6.1]", x500_with_equals_sign);

constexpr bool nulls() {
  return lists("", "A.EX", "B.EX", "") && lists(",", "A.EX", "A.EX", "") && lists(",", "A.B.EX", "EX", "B.EX") &&
         lists(",,", "A.EX", "B.EX", "EX") && lists("B.EX,,D.C.EX", "A.EX", "Z", "B.EX|EX|C.EX|D.C.EX") &&
         lists("EX,,B.A.,C.", "X", "Y", "EX|A.EX|B.A.EX|C.B.A.EX") && lists(",A.EX,", "A.EX", "A.EX", "A.EX");
}
KERB_BOTH("transited: a null subfield stands for the realms between its neighbours", "[exchange][rfc4120-3.3.3.2]",
          nulls);

constexpr bool nulls_without_a_path() {
  return malformed(",", "A.EX", "A.ORG", 1) && malformed(",", "A.EX", "/COM", 1) && malformed(",", "", "", 1) &&
         malformed(",", "A.EX", "", 1) && malformed("EX,,ORG", "A.EX", "B.EX", 4) &&
         malformed(",ORG", "A.EX", "B.EX", 1) && malformed("ORG,", "A.EX", "B.EX", 4) &&
         malformed(",", "N:A.EX", "N:B.EX", 1) &&
         // whole components only
         malformed(",", "AB.EX", "BAB", 1);
}
KERB_BOTH("transited: a null subfield between realms without a path is malformed", "[exchange][rfc4120-3.3.3.2]",
          nulls_without_a_path);

constexpr bool malformed_subfields() {
  return malformed("\\") && malformed("EX,A\\", "A.EX", "B.EX", 3) && malformed(" ") &&
         malformed("EX,  ,EX", "A", "B", 3) && malformed("A.") && malformed(",A.", "A.EX", "B.EX", 1) &&
         malformed(".") && malformed("EX,/A.", "A", "B", 3) && malformed("EX, A.", "A", "B", 3) &&
         malformed("EX, /A.", "A", "B", 3);
}
KERB_BOTH("transited: what readers would disagree about is malformed", "[exchange][rfc4120-3.3.3.2]",
          malformed_subfields);

constexpr bool stops() {
  for (const unsigned stop_at : {1u, 2u, 3u, 4u, 5u}) {
    unsigned calls = 0;
    const error e = for_each_transited(octets(",EX,C.,").view(), "A.B.EX"_krb, "F.E.D.C.EX"_krb,
                                       [&](kerberos_string) { return ++calls != stop_at; });
    if (!e.ok() || calls != stop_at) return false;
  }
  unsigned calls = 0;  // and what follows is not looked at
  return for_each_transited(octets("EX,\\").view(), "A"_krb, "B"_krb, [&](kerberos_string) { return ++calls == 0; })
             .ok() &&
         calls == 1;
}
KERB_BOTH("transited: the walk stops when it is told to", "[exchange]", stops);

// ---- the hierarchical path

constexpr bool paths() {
  return between("A.B.C", "A.B.C", "") && between("A.B.C", "B.C", "") && between("B.C", "A.B.C", "") &&
         between("A.B.C", "C", "B.C") && between("C", "A.B.C", "B.C") && between("X.B.C", "Y.A.C", "B.C|C|A.C") &&
         between("/COM/HP/APOLLO", "/COM/DEC", "/COM/HP|/COM") &&
         between("/COM", "/COM/HP/APOLLO/X", "/COM/HP|/COM/HP/APOLLO") &&
         between("C=US/O=A/OU=B", "C=US", "C=US/O=A") && between("N:A/B", "N:A/B", "") &&
         between("AA.EX", "A.EX", "EX") && between("/COM/HPX", "/COM/HP", "/COM");
}
KERB_BOTH("realm path: up to the nearest common realm and down", "[exchange][rfc4120-3.3.3.2]", paths);

constexpr bool no_paths() {
  return nothing_between("A.EX", "A.ORG") && nothing_between("/COM/HP", "/EDU/MIT") &&
         nothing_between("/COM/HP", "COM") && nothing_between("AEX", "EX") && nothing_between("N:A/B", "N:A") &&
         nothing_between("", "") && nothing_between("", "EX") && nothing_between("EX", "") &&
         nothing_between("C=US", "C=USA") && nothing_between("EX", "ex");
}
KERB_BOTH("realm path: none between realms of different hierarchies", "[exchange][rfc4120-6.1]", no_paths);

// ---- appending

constexpr bool appended() {
  return appends("", "EX", "A.EX", "B.EX", "EX") && appends("", "/COM", "/COM/A", "/COM/B", "/COM") &&
         // the endpoints are not named, and nothing is named twice
         appends("", "A.EX", "A.EX", "B.EX", "") && appends("EX", "B.EX", "A.EX", "B.EX", "EX") &&
         appends("EX", "EX", "A.EX", "B.EX", "EX") && appends("EX,C.", "C.EX", "A.EX", "B.EX", "EX,C.") &&
         appends(",EX", "B.EX", "A.B.EX", "ORG", ",EX") &&
         // a realm between two that were joined is joined to both
         appends("EX,B.A.", "A.EX", "X", "Y", "EX,A.,B.") && appends("/COM,/A/B", "/COM/A", "X", "Y", "/COM,/A,/B") &&
         // the shorter of two places
         appends("EX,ORG,A.EX,NET", "B.A.EX", "X", "Y", "EX,ORG,A.EX,B.,NET") &&
         appends("A.EX,ORG,EX,NET", "B.A.EX", "X", "Y", "A.EX,B.,ORG,EX,NET") &&
         appends("EX,NET,A.EX", "B.A.EX", "X", "Y", "EX,NET,A.EX,B.");
}
KERB_BOTH("transited: a realm is appended where it is shortest", "[exchange][rfc4120-3.3.3.2]", appended);

constexpr bool appended_quoted() {
  return appends("EX", "A,B\\C", "X", "Y", "EX,A\\,B\\\\C") && appends("EX", "MIT.", "X", "Y", "EX,MIT\\.") &&
         appends("EX", "MIT..", "X", "Y", "EX,MIT\\.\\.") && appends("EX", "  A", "X", "Y", "EX,\\ \\ A") &&
         appends("EX", " /A", "X", "Y", "EX,\\ /A") && appends("EX", "/A", "X", "Y", "EX, /A") &&
         appends("EX", ",A.EX", "X", "Y", "EX,\\,A.") && appends("EX", " .EX", "X", "Y", "EX,\\ .") &&
         appends("C=US", "C=US/O=A, Inc.", "X", "Y", "C=US,/O=A\\, Inc\\.") &&
         // nothing to put before the dot that would not look like another one
         appends("EX", "A..EX", "X", "Y", "EX,A..EX") && appends("EX", "..EX", "X", "Y", "EX,..EX") &&
         appends("EX", ".EX", "X", "Y", "EX,.EX");
}
KERB_BOTH("transited: what is special in a name is quoted when it is appended", "[exchange][rfc4120-3.3.3.2]",
          appended_quoted);

// The field came in a ticket of the issuer's realm, so its last null subfield reaches to the issuer and no farther.
constexpr bool appended_to_nulls() {
  return appends("EX,", "D.C.EX", "X", "ORG", "EX,,D.C.") && lists("EX,", "X", "D.C.EX", "EX|C.EX") &&
         lists("EX,,D.C.", "X", "ORG", "EX|C.EX|D.C.EX") && appends(",", "EX", "A.B.EX", "ORG", ",EX") &&
         lists(",EX", "A.B.EX", "ORG", "B.EX|EX") && appends("EX,", "B.EX", "X", "B.EX", "EX,") &&
         appends("A.EX,", "EX", "X", "ORG", "A.EX,,EX") && appends("C.EX,EX,", "C.EX", "A.EX", "ORG", "C.EX,EX,,C.") &&
         // never next to a null subfield, whose neighbours these are
         appends(",A.EX", "EX", "A.EX", "Y", ",A.EX,EX") &&
         appends("EX,,C.B.A.EX", "D.EX", "X", "Y", "EX,,C.B.A.EX,D.EX") &&
         // even where the issuer is the client's realm again
         appends("EX,", "A.B.EX", "A.B.EX", "Y", "EX,,A.B.");
}
KERB_BOTH("transited: appending changes no null subfield's meaning", "[exchange][rfc4120-3.3.3.2]", appended_to_nulls);

constexpr bool append_failures() {
  std::array<std::uint8_t, 8> out{};
  const auto try_it = [&](std::string_view contents, std::string_view added, std::size_t buffer) {
    return append_transited(octets(contents).view(), octets(added).realm(), "A.EX"_krb, "B.EX"_krb,
                            std::span(out).first(buffer))
        .error();
  };
  const error small = try_it("EX", "D.C.EX", 6);
  if (small.code != errc::no_space || small.detail != 7) return false;
  if (!try_it("EX", "D.C.EX", 7).ok() || try_it("EX", "EX", 1).detail != 2 || try_it("", "C.EX", 0).detail != 4)
    return false;
  return try_it("EX,\\", "ORG", 8).code == errc::bad_transited &&
         try_it("EX,,ORG", "NET", 8).code == errc::bad_transited &&
         try_it("EX,", "ORG", 8).code == errc::bad_transited && try_it(",ORG", "NET", 8).code == errc::bad_transited &&
         try_it("EX", "", 8).code == errc::api_misuse &&
         append_transited({}, "X"_krb, {}, "Y"_krb, out).error().code == errc::api_misuse &&
         append_transited({}, "X"_krb, "Y"_krb, {}, out).error().code == errc::api_misuse;
}
KERB_BOTH("transited: nothing is appended to a malformed field or into a short buffer", "[exchange][rfc4120-3.3.3.2]",
          append_failures);

constexpr bool nothing_is_written_behind_the_buffer() {
  for (std::size_t n = 0; n != 12; ++n) {
    std::array<std::uint8_t, 64> out{};
    out.fill(0xee);
    const auto r = append_transited(octets("EX").view(), octets("\\,D.C.EX").realm(), octets("A.EX").realm(),
                                    octets("B.EX").realm(), std::span(out).first(n));
    if (r || r.error().code != errc::no_space || r.error().detail != 11) {
      if (n < 11 || !r) return false;
    }
    for (std::size_t i = n; i != out.size(); ++i)
      if (out[i] != 0xee) return false;
  }
  return true;
}
KERB_BOTH("transited: nothing is written behind the buffer", "[exchange][rfc4120-3.3.3.2]",
          nothing_is_written_behind_the_buffer);

constexpr bool dots_alone_are_quoted() {
  const octets whole("EX...");
  std::array<std::uint8_t, 16> out{};
  const kerberos_string dots{whole.view().subview(3)};  // with another dot in front of it in memory
  const auto r = append_transited({}, dots, "A.EX"_krb, "B.EX"_krb, out);
  return r && *r == octets("\\.\\.").view();
}
KERB_BOTH("transited: a name of dots alone is quoted as a whole", "[exchange][rfc4120-3.3.3.2]", dots_alone_are_quoted);

constexpr bool nothing_behind_a_fault_is_passed_on() {
  for (const std::string_view contents : {"A\\", ",\\", ",A.", "  ", ",  "}) {
    collected got;
    if (listed(contents, "A.EX", "B.EX", got).code != errc::bad_transited || got.realms != 0) return false;
  }
  const octets longer("A\\B");  // the octet behind would be quoted
  collected none;
  if (for_each_transited(longer.view().first(2), "A.EX"_krb, "B.EX"_krb, [&](kerberos_string r) { return none(r); })
              .code != errc::bad_transited ||
      none.realms != 0)
    return false;
  const octets broken("A.,EX");
  detail::transited_walk walk(broken.view());
  return !walk.next() && !walk.next() && !walk.ok() && walk.subfields() == 1;
}
KERB_BOTH("transited: no realm is passed on at or behind a fault, and no subfield is read behind it",
          "[exchange][rfc4120-3.3.3.2]", nothing_behind_a_fault_is_passed_on);

constexpr bool equal_marks_are_no_equal_realms() {
  // Two texts with the same 64 bits of FNV-1a
  return lists("7mohtcOFVz,c1E51sSEyx,EX", "X", "Y", "7mohtcOFVz|c1E51sSEyx|EX") &&
         malformed("7mohtcOFVz,c1E51sSEyx,7mohtcOFVz", "X", "Y", 22) &&
         malformed("7mohtcOFVz,c1E51sSEyx,c1E51sSEyx", "X", "Y", 22);
}
KERB_BOTH("transited: two realms are the same by their octets, not by a hash of them", "[exchange][rfc4120-3.3.3.2]",
          equal_marks_are_no_equal_realms);

// ---- the check

constexpr errc checked(std::string_view contents, std::string_view client, std::string_view server,
                       const realm_path_policy& policy, tr_t type = tr_t::domain_x500_compress) {
  return check_transited({type, octets(contents).view()}, octets(client).realm(), octets(server).realm(), policy).code;
}

constexpr bool hierarchical() {
  const realm_path_policy p;
  return checked("EX", "A.EX", "B.EX", p) == errc::ok && checked(",", "A.EX", "B.EX", p) == errc::ok &&
         checked("EX,C.", "A.EX", "B.EX", p) == errc::path_not_accepted &&
         checked("ORG,EX", "A.EX", "B.EX", p) == errc::path_not_accepted &&
         checked("EX,ORG", "A.EX", "B.EX", p) == errc::path_not_accepted &&
         checked("EX", "A.EX", "B.ORG", p) == errc::path_not_accepted &&
         checked("A.EX,B.EX", "A.EX", "B.EX", p) == errc::ok &&  // the endpoints take part in any case
         checked("EX", "A.EX", "B.EX", {.hierarchical = false}) == errc::path_not_accepted &&
         checked("X", "XX", "X.XX", p) == errc::path_not_accepted &&
         checked("E", "A.EX", "B.EX", p) == errc::path_not_accepted;
}
KERB_BOTH("check_transited: only realms on the hierarchical path are accepted", "[exchange][rfc4120-2.7]",
          hierarchical);

constexpr bool trusted_realms() {
  const kerberos_string trusted[] = {"HUB.ORG"_krb, "NET"_krb};
  return checked("HUB.ORG", "A.EX", "B.EX", {.trusted = trusted, .hierarchical = false}) == errc::ok &&
         checked("NET,HUB.ORG,EX", "A.EX", "B.EX", {.trusted = trusted}) == errc::ok &&
         checked("NET,EX", "A.EX", "B.EX", {.trusted = trusted, .hierarchical = false}) == errc::path_not_accepted &&
         checked("HUB.ORG,BAD.ORG", "A.EX", "B.ORG", {.trusted = trusted}) == errc::path_not_accepted &&
         checked("net", "A.EX", "B.EX", {.trusted = trusted}) == errc::path_not_accepted;  // case counts in a realm
}
KERB_BOTH("check_transited: trusted realms are accepted in any path", "[exchange][rfc4120-2.7]", trusted_realms);

constexpr bool listed_paths() {
  const realm_path_policy p{.paths = capaths};
  return checked("ATHENA.MIT.EDU", "LCS.MIT.EDU", "KERBEROS.COM", p) == errc::ok &&
         checked("ATHENA.MIT.EDU,KERBEROS.COM", "LCS.MIT.EDU", "KABLOOEY.KERBEROS.COM", p) == errc::ok &&
         // a path is for one direction, and for its two realms
         checked("ATHENA.MIT.EDU", "KERBEROS.COM", "LCS.MIT.EDU", p) == errc::path_not_accepted &&
         checked("ATHENA.MIT.EDU", "LCS.MIT.EDU", "OTHER.COM", p) == errc::path_not_accepted &&
         checked("ATHENA.MIT.EDU", "AI.MIT.EDU", "KERBEROS.COM", p) == errc::path_not_accepted &&
         checked("LCS.MIT.EDU", "ATHENA.MIT.EDU", "KERBEROS.COM", p) == errc::path_not_accepted &&
         // where a path is listed, the hierarchy is not trusted besides
         checked("MIT.EDU", "LCS.MIT.EDU", "ATHENA.MIT.EDU", p) == errc::path_not_accepted &&
         checked("MIT.EDU", "LCS.MIT.EDU", "ATHENA.MIT.EDU", {}) == errc::ok &&
         checked("MIT.EDU", "LCS.MIT.EDU", "AI.MIT.EDU", p) == errc::ok &&
         checked("/COM,/HP,/APOLLO, /COM/DEC", "/COM/HP/APOLLO/FOO", "/COM/DEC/CRL", p) == errc::ok;
}
KERB_BOTH("check_transited: a listed path is for its two realms and replaces the hierarchy there",
          "[exchange][rfc4120-2.7]", listed_paths);

constexpr bool not_understood() {
  const kerberos_string trusted[] = {"EX"_krb};
  const realm_path_policy p{.trusted = trusted};
  for (const tr_t type : {tr_t::none, tr_t(2), tr_t(-1)}) {
    if (checked("EX", "A.EX", "B.EX", p, type) != errc::path_not_accepted) return false;
    if (checked("", "A.EX", "B.EX", p, type) != errc::ok) return false;
  }
  return checked("EX,\\", "A.EX", "B.EX", p) == errc::bad_transited &&
         checked("EX,,NET", "A.EX", "B.EX", p) == errc::bad_transited &&
         checked("EX,", "A.EX", "B.NET", p) == errc::bad_transited && checked("", "A.EX", "B.NET", {}) == errc::ok;
}
KERB_BOTH("check_transited: what is not understood is not accepted", "[exchange][rfc4120-2.7]", not_understood);

// ---- hostile input and chance

kerberos_string text(const std::string& s) { return kerberos_string::of(s); }
std::string text(kerberos_string s) { return std::string(s.text()); }

TEST_CASE("check_transited: a realm longer than any is on no path, and costs no search", "[exchange][rfc4120-2.7]") {
  const std::string longest(max_transited_realm, 'A'), longer(max_transited_realm + 1, 'A');
  const auto code = [&](const std::string& client) {
    return check_transited({tr_t::domain_x500_compress, octets_of("B")}, {octets_of(client)}, "C"_krb, {.trusted = {}})
        .code;
  };
  CHECK(code(longer) == errc::path_not_accepted);
  const kerberos_string trusted[] = {"B"_krb};
  const realm_path_policy p{.trusted = trusted};
  CHECK(check_transited({tr_t::domain_x500_compress, octets_of("B")}, {octets_of(longest)}, "C"_krb, p).ok());
  CHECK_FALSE(check_transited({tr_t::domain_x500_compress, octets_of("B")}, {octets_of(longer)}, "C"_krb, p).ok());
}
TEST_CASE("check_transited: the server's realm is bounded like the client's", "[exchange][rfc4120-2.7]") {
  const kerberos_string trusted[] = {"B"_krb};
  const realm_path_policy p{.trusted = trusted};
  const std::string longest(max_transited_realm, 'A'), longer(max_transited_realm + 1, 'A');
  CHECK(check_transited({tr_t::domain_x500_compress, octets_of("B")}, "C"_krb, {octets_of(longest)}, p).ok());
  CHECK_FALSE(check_transited({tr_t::domain_x500_compress, octets_of("B")}, "C"_krb, {octets_of(longer)}, p).ok());
}
TEST_CASE("transited: a realm longer than the bound is refused", "[exchange][rfc4120-3.3.3.2]") {
  const std::string longest(max_transited_realm, 'A');
  const auto ends = [](const std::string& contents) {
    std::size_t n = 0;
    const error e = for_each_transited(text(contents).octets, "A"_krb, "B"_krb, [&](kerberos_string r) {
      n = std::max(n, r.octets.size());
      return true;
    });
    REQUIRE(n <= max_transited_realm);
    return e;
  };
  CHECK(ends(longest).ok());
  CHECK(ends(longest + "A").code == errc::bad_transited);
  CHECK(ends(std::string(max_transited_realm - 2, 'A') + ",A.").ok());
  CHECK(ends(std::string(max_transited_realm - 1, 'A') + ",A.").code == errc::bad_transited);
  CHECK(ends("/" + std::string(max_transited_realm - 3, 'A') + ",/A").ok());
  CHECK(ends("/" + std::string(max_transited_realm - 2, 'A') + ",/A").code == errc::bad_transited);
  std::vector<std::uint8_t> out(4096);
  CHECK(append_transited({}, text(longest), "A"_krb, "B"_krb, out).has_value());
  CHECK(append_transited({}, text(longest + "A"), "A"_krb, "B"_krb, out).error().code == errc::bad_transited);
}

TEST_CASE("transited: 64 KB of hostile octets end soon and without allocation", "[exchange]") {
  std::vector<std::string> inputs(6);
  while (inputs[0].size() < 65536) inputs[0] += ',';
  for (inputs[1] = "A"; inputs[1].size() < 65536;) inputs[1] += ",A.";
  while (inputs[2].size() < 65536) {
    inputs[2] += "A";
    for (int i = 0; i != 500; ++i) inputs[2] += ",A.";
    inputs[2] += ",,B.A,,A.A.A,,";
  }
  for (inputs[3] = "/A"; inputs[3].size() < 65536;) inputs[3] += ",,/A";
  while (inputs[4].size() < 65536) inputs[4] += "\\,";
  while (inputs[5].size() < 65536) inputs[5] += "A,";
  const std::string deep(1023, '.');
  std::vector<std::uint8_t> out(70000);
  std::size_t calls = 0, octets = 0;
  {
    const no_allocations none;
    for (const std::string& s : inputs) {
      (void)for_each_transited(text(s).octets, "X.A"_krb, "A"_krb, [&](kerberos_string r) {
        ++calls;
        octets += r.octets.size();
        return true;
      });
      (void)append_transited(text(s).octets, text(deep), "X.A"_krb, "A"_krb, out);
      (void)check_transited({tr_t::domain_x500_compress, text(s).octets}, "X.A"_krb, "A"_krb, {});
    }
  }
  CHECK(calls > 100);
  CHECK(calls <= 6 * max_transited_realms);
  CHECK(octets <= 6 * max_transited_realms * max_transited_realm);
}

TEST_CASE("transited: more realms than the bound are refused, listed or between", "[exchange][rfc4120-3.3.3.2]") {
  std::string below, deep = "Z";
  for (std::size_t i = 0; i != max_transited_realms; ++i) below += (i == 0 ? "R" : ",R") + std::to_string(i);
  for (int i = 1; i != 500; ++i) deep += ".A";
  const auto ends = [](const std::string& contents, const std::string& client) {
    std::size_t n = 0;
    const error e = for_each_transited(text(contents).octets, text(client), "B"_krb, [&](kerberos_string) {
      ++n;
      return true;
    });
    CHECK(n <= max_transited_realms);
    return e.code;
  };
  CHECK(ends(below, "A") == errc::ok);
  CHECK(ends(below + ",ONE.MORE", "A") == errc::bad_transited);
  CHECK(ends(below + ",", "A") == errc::bad_transited);  // a null subfield is one, too
  CHECK(ends(",A", deep) == errc::bad_transited);
  CHECK(ends(",A", "Z" + deep.substr(deep.size() - 2 * 63)) == errc::ok);  // 62 between, and A itself
  CHECK(ends(",A,R1", "Z" + deep.substr(deep.size() - 2 * 63)) == errc::ok);
  CHECK(ends(",A,R1,R2", "Z" + deep.substr(deep.size() - 2 * 63)) == errc::bad_transited);

  // Subfields are counted as well, also those that stand for nothing
  CHECK(ends(std::string(max_transited_realms - 1, ','), "A.B") == errc::ok);
  CHECK(ends(std::string(max_transited_realms, ','), "A.B") == errc::bad_transited);

  // A KDC does not write what nobody reads
  std::vector<std::uint8_t> out(4096);
  const auto added = [&](const std::string& contents, std::string_view issuer) {
    return append_transited(text(contents).octets, kerberos_string::of(issuer), "A"_krb, "B"_krb, out).error().code;
  };
  CHECK(added(below.substr(0, below.rfind(',')), "NEW") == errc::ok);
  CHECK(added(below, "NEW") == errc::bad_transited);
  CHECK(added(below, "R7") == errc::ok);  // which is there

  // A null subfield at the end, which stands for more realms than that
  CHECK(for_each_transited(text(",").octets, text(deep), "A"_krb, [](kerberos_string) { return true; }).code ==
        errc::bad_transited);
  const auto range_of = [&](std::size_t between, std::string_view issuer, std::string_view server) {
    const std::string client = "Z" + deep.substr(deep.size() - 2 * (between + 1));
    return append_transited(text(",A").octets, kerberos_string::of(issuer), text(client), kerberos_string::of(server),
                            out)
        .error()
        .code;
  };
  CHECK(range_of(63, "Q", "Q") == errc::ok);  // with A itself 64, and nothing to add
  CHECK(range_of(64, "Q", "Q") == errc::bad_transited);
  CHECK(range_of(62, "Q", "B") == errc::ok);
  CHECK(range_of(63, "Q", "B") == errc::bad_transited);
  // Subfields that stand for nothing count there as well
  CHECK(added("B.A" + std::string(max_transited_realms - 2, ','), "C.A") == errc::ok);
  CHECK(added("B.A" + std::string(max_transited_realms - 1, ','), "C.A") == errc::bad_transited);
}

constexpr bool repeated() {
  return malformed("EX,EX", "A.EX", "B.EX", 3) && malformed("EX,C.,D.,C.EX", "A.EX", "B.EX", 9) &&
         malformed("A,\\A", "X", "Y", 2) && malformed("ORG,,A.ORG,ORG", "X", "Y", 11) &&
         malformed("/COM,/HP, /COM/HP", "X", "Y", 9) && lists("EX,ex,C.EX,C.C.EX", "X", "Y", "EX|ex|C.EX|C.C.EX") &&
         // what the field leaves out may lie between more than once; and what a null subfield reaches to
         lists("C.EX,,D.EX,,F.EX", "A.EX", "B.EX", "C.EX|EX|D.EX|EX|F.EX") &&
         lists("C.EX,EX,,C.", "A.EX", "ORG", "C.EX|EX|C.EX");
}
KERB_BOTH("transited: a realm that is listed twice is malformed", "[exchange][rfc4120-3.3.3.2]", repeated);

class dice {
 public:
  explicit dice(unsigned seed) : random_(seed) {}
  std::size_t operator()(std::size_t n) { return random_() % n; }
  std::string label() {
    static const char* const labels[] = {"A", "B", "C", "EX", "A", "B", ",", "\\", " ", "", "X,", " Y", "Z\\"};
    return labels[(*this)((*this)(4) == 0 ? 13 : 6)];
  }
  std::string realm() {
    std::string r;
    do {
      const std::size_t style = (*this)(8), depth = 1 + (*this)(4);
      r = style < 5 ? label() : style == 5 ? "C=" + label() : style == 6 ? "" : "N:" + label();
      for (std::size_t i = 1; i < depth || (style == 6 && i == depth); ++i)
        r = style < 5 ? label() + "." + r : r + "/" + label();
      if ((*this)(20) == 0) r += ".";
    } while (r.empty());
    return r;
  }

 private:
  std::mt19937 random_;
};

std::optional<std::set<std::string>> set_of(const std::string& contents, const std::string& client,
                                            const std::string& server) {
  std::set<std::string> out;
  const error e = for_each_transited(text(contents).octets, text(client), text(server), [&](kerberos_string r) {
    out.insert(text(r));
    return true;
  });
  if (!e.ok()) return std::nullopt;
  return out;
}

TEST_CASE("transited: what was appended is there and nothing else has changed", "[exchange][rfc4120-3.3.3.2]") {
  dice roll(4120);
  unsigned joined = 0, nulls = 0;
  for (int run = 0; run != 4000; ++run) {
    const std::string client = roll.realm();
    std::string issuer = roll.realm(), contents;
    for (std::size_t hop = roll(6); hop != 0; --hop) {
      // now and then a null subfield, where it has a meaning
      const std::string with_null = roll(2) == 0 ? "," + contents : contents + ",";
      if (roll(3) == 0 && set_of(with_null, client, issuer)) contents = with_null;
      const std::string server = roll.realm();
      auto before = set_of(contents, client, issuer);
      INFO('"' << contents << "\" + \"" << issuer << "\" for \"" << client << "\" to \"" << server << '"');
      REQUIRE(before);
      std::array<std::uint8_t, 2048> out{};
      const auto r = append_transited(text(contents).octets, text(issuer), text(client), text(server), out);
      REQUIRE(r);
      const std::string result(kerberos_string{*r}.text());
      INFO("is \"" << result << '"');
      const auto after = set_of(result, client, server);
      REQUIRE(after);
      before->insert(issuer);
      if (issuer == client || issuer == server) before->erase(issuer);
      auto seen = *after;
      if (issuer == client || issuer == server) seen.erase(issuer);
      REQUIRE(seen == *before);
      nulls += result.find(",,") != result.npos;
      joined += result.find(".,") != result.npos || result.find(",/") != result.npos;
      const auto exactly = append_transited(text(contents).octets, text(issuer), text(client), text(server),
                                            std::span(out).first(result.size()));
      REQUIRE(exactly);
      if (!result.empty()) {
        const auto less = append_transited(text(contents).octets, text(issuer), text(client), text(server),
                                           std::span(out).first(result.size() - 1));
        REQUIRE(less.error().code == errc::no_space);
        REQUIRE(less.error().detail == result.size());
      }
      contents = result;
      issuer = server;
    }
  }
  CHECK(joined > 500);
  CHECK(nulls > 100);
}

TEST_CASE("realm path: there and back are the same realms", "[exchange][rfc4120-3.3.3.2]") {
  dice roll(6);
  for (int run = 0; run != 20000; ++run) {
    const std::string a = roll.realm(), b = roll.realm();
    std::vector<std::string> there, back;
    const auto into = [](std::vector<std::string>& v) {
      return [&v](kerberos_string r) {
        v.push_back(text(r));
        return true;
      };
    };
    const bool one = for_each_realm_between(text(a), text(b), into(there));
    const bool other = for_each_realm_between(text(b), text(a), into(back));
    INFO(a << " and " << b);
    REQUIRE(one == other);
    std::reverse(back.begin(), back.end());
    REQUIRE(there == back);
    for (const std::string& r : there) REQUIRE((r != a && r != b && !r.empty()));
    // and each is accepted in a path between the two
    for (const std::string& r : there) {
      std::array<std::uint8_t, 256> out{};
      const auto contents = append_transited({}, text(r), text(a), text(b), out);
      REQUIRE(contents);
      REQUIRE(check_transited({tr_t::domain_x500_compress, *contents}, text(a), text(b), {}).ok());
    }
  }
}

}  // namespace
