// Sentences for people: complete, distinct, in plain English, and in place without a heap.
#include <kerb/explain.hpp>
#include <set>
#include <string>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr party parties[] = {party::client, party::service, party::kdc};

/// Whether a text is sentences: capital letters and full stops, no blanks at its ends or twice.
constexpr bool is_sentences(std::string_view text) {
  if (text.size() < 20 || text.front() < 'A' || text.front() > 'Z' || text.back() != '.') return false;
  std::size_t stops = 0;
  for (std::size_t i = 0; i != text.size(); ++i) {
    const char c = text[i];
    if (c < ' ' || c > '~') return false;
    if (c == ' ' && text[i + 1] == ' ') return false;
    if (c == '.' && (i + 1 == text.size() || (text[i + 1] == ' ' && text[i + 2] >= 'A' && text[i + 2] <= 'Z'))) ++stops;
  }
  return stops >= 2;  // what has happened, and what to do
}
constexpr bool every_row_is_sentences() {
  for (const detail::explanation& e : detail::explanations)
    if (!is_sentences(e.client) || !is_sentences(e.service) || !is_sentences(e.kdc)) return false;
  for (const detail::krb_error_explanation& e : detail::krb_error_explanations)
    if (!is_sentences(e.text)) return false;
  return is_sentences(explain(static_cast<errc>(9999), party::client)) &&
         is_sentences(explain(static_cast<error_code_t>(9999)));
}
KERB_BOTH("explain: each text tells what has happened, and then what to do", "[core]", every_row_is_sentences);

constexpr bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Words that mean something only to those who know the library, the encodings or the RFC's names.
constexpr bool no_jargon(std::string_view text) {
  constexpr std::string_view inside[] = {
      "kerb",     "errc",          "KRB_",      "KDC_ERR",   "KRB-ERROR",  "octet",     "ASN.1",
      "DER ",     "INTEGER",       "OPTIONAL",  "schema",    "etype",      "cksumtype", "padata",
      "authdata", "sname",         "kvno",      "nonce",     "exchange",   " step",     "policy",
      "sealed",   " seal",         "unseal",    "workspace", "principal_", "AP-REQ",    "AS-REQ",
      "TGS-REQ",  "header ticket", "armor key", "verdict",   "acceptor",   "initiator", "_"};
  for (const std::string_view word : inside)
    if (holds(text, word)) return false;
  return true;
}
constexpr bool no_row_has_jargon() {
  for (const detail::explanation& e : detail::explanations)
    if (!no_jargon(e.client) || !no_jargon(e.service) || !no_jargon(e.kdc)) return false;
  for (const detail::krb_error_explanation& e : detail::krb_error_explanations)
    if (!no_jargon(e.text)) return false;
  return true;
}
KERB_BOTH("explain: no text has a word that only those know who know the library", "[core]", no_row_has_jargon);

constexpr bool each_party_has_its_view() {
  const auto says = [](errc c, party who, std::string_view part) { return holds(explain(c, who), part); };
  return says(errc::clock_skew, party::client, "Set this machine's clock") &&
         says(errc::clock_skew, party::service, "The client's clock and the clock of this machine") &&
         says(errc::clock_skew, party::kdc, "the KDC's clock") && says(errc::no_key, party::client, "password") &&
         says(errc::no_key, party::service, "klist -ke") && says(errc::no_key, party::kdc, "The principal has no key");
}
KERB_BOTH("explain: client, service and KDC are told different things of one error", "[core]", each_party_has_its_view);

constexpr bool a_krb_error_is_explained_to_its_client() {
  const error refused{.code = errc::kdc_error, .detail = 24}, unnamed{.code = errc::kdc_error, .detail = 9999},
      none{.code = errc::peer_error};
  return explain(refused, party::client) == explain(error_code_t::kdc_err_preauth_failed) &&
         explain(refused, party::service) == explain(errc::kdc_error, party::service) &&
         explain(unnamed, party::client) == explain(static_cast<error_code_t>(9999)) &&
         explain(none, party::client) == explain(errc::peer_error, party::client) &&
         explain(error{.code = errc::clock_skew, .detail = 24}, party::client) ==
             explain(errc::clock_skew, party::client);
}
KERB_BOTH("explain: a client is told what the KRB-ERROR means that it received", "[core]",
          a_krb_error_is_explained_to_its_client);

constexpr bool a_file_is_no_message() {
  for (const party who : parties) {
    const auto keytab = explain(error{.code = errc::truncated, .type = "keytab"}, who);
    const auto cache = explain(error{.code = errc::bad_realm, .type = "ccache"}, who);
    if (!holds(keytab, "not a keytab") || !holds(cache, "not a credential cache")) return false;
    if (!is_sentences(keytab) || !is_sentences(cache)) return false;
    if (explain(error{.code = errc::no_space, .type = "keytab"}, who) != explain(errc::no_space, who)) return false;
  }
  return true;
}
constexpr bool an_exported_context_and_a_frame_are_no_answers() {
  const error context{.code = errc::truncated, .type = "ExportedContext"},
      cut{.code = errc::truncated, .type = "SASL frame"}, huge{.code = errc::frame_too_long, .type = "SASL frame"};
  for (const party who : parties)
    for (const error& e : {context, cut, huge})
      if (!is_sentences(explain(e, who)) || !no_jargon(explain(e, who)) || explain(e, who) == explain(e.code, who))
        return false;
  return holds(explain(context, party::service), "stored connection") &&
         holds(explain(huge, party::client), "agreed on");
}
KERB_BOTH("explain: a damaged exported context and a frame of a wrong size have sentences of their own", "[core]",
          an_exported_context_and_a_frame_are_no_answers);
KERB_BOTH("explain: a damaged keytab or credential cache is not taken for a message", "[core]", a_file_is_no_message);

TEST_CASE("explain: every code has its own text for each party", "[core]") {
  for (const party who : parties) {
    std::set<std::string_view> texts;
    const std::string_view unknown = explain(static_cast<errc>(9999), who);
    for (unsigned n = 0; n != 65536; ++n) {
      const auto c = static_cast<errc>(n);
      const std::string_view text = explain(c, who);
      CAPTURE(n, name_of(c));
      if ((text == unknown) != name_of(c).empty()) FAIL("a code without sentences, or sentences without a code");
      if (text != unknown && !texts.insert(text).second) FAIL("two codes have the same sentences: " << text);
    }
    CHECK(texts.size() == std::size(detail::explanations));
  }
}

TEST_CASE("explain: every named code of a KRB-ERROR has its own text", "[core][rfc4120-7.5.9]") {
  std::set<std::string_view> texts;
  const std::string_view unknown = explain(static_cast<error_code_t>(9999));
  for (int n = -300; n != 1000; ++n) {
    const auto c = static_cast<error_code_t>(n);
    const std::string_view text = explain(c);
    CAPTURE(n, name_of(c));
    CHECK((text == unknown) == name_of(c).empty());
    if (text != unknown) CHECK(texts.insert(text).second);
  }
  CHECK(texts.size() == std::size(detail::krb_error_explanations));
}

TEST_CASE("explain: only a client is told of an answer to its request", "[core]") {
  for (const detail::explanation& e : detail::explanations) {
    CAPTURE(name_of(e.code));
    if (e.client == e.service) continue;
    for (const std::string_view text : {e.service, e.kdc}) {
      CHECK_FALSE(holds(text, "The answer"));
      CHECK_FALSE(holds(text, "KDC or the service listens"));
    }
  }
}

constexpr bool a_line_names_the_error_and_its_place() {
  const error e{.code = errc::integrity, .type = "Ticket", .field = "enc-part"};
  const error typed{.code = errc::truncated, .type = "AS-REP"}, bare{.code = errc::no_answer};
  const error refused{.code = errc::kdc_error, .detail = 6, .type = "KRB-ERROR", .field = "error-code"};
  const auto line = log_line(e, party::service);
  return line.view().starts_with("integrity in Ticket.enc-part: The client's message cannot be decrypted") &&
         line.view().ends_with(explain(e, party::service)) && line.c_str()[line.view().size()] == '\0' &&
         log_line(typed, party::client).view().starts_with("truncated in AS-REP: The answer") &&
         log_line(bare, party::client).view().starts_with("no_answer: There was no answer.") &&
         log_line(refused, party::client)
             .view()
             .starts_with("kdc_error in KRB-ERROR.error-code, KDC_ERR_C_PRINCIPAL_UNKNOWN: The KDC does not know") &&
         log_line({.code = static_cast<errc>(9999)}, party::kdc).view().starts_with("unknown error: The reason");
}
KERB_BOTH("log_line: the error, its place in the message, and the sentences", "[core]",
          a_line_names_the_error_and_its_place);

constexpr bool a_line_has_the_offset() {
  const error far{.code = errc::bad_time, .offset = 4294967295u, .type = "KDC-REQ-BODY", .field = "till"};
  const error near{.code = errc::bad_rule_text, .offset = 10, .type = "auth_to_local", .field = "rule"};
  const error first{.code = errc::truncated, .offset = 0, .type = "AS-REP"};
  return log_line(far, party::kdc).view().starts_with("bad_time in KDC-REQ-BODY.till at offset 4294967295: The") &&
         log_line(near, party::service).view().starts_with("bad_rule_text in auth_to_local.rule at offset 10: ") &&
         log_line(first, party::client).view().starts_with("truncated in AS-REP: ");
}
KERB_BOTH("log_line: an offset other than 0 is in the line", "[core]", a_line_has_the_offset);

struct lookup {
  struct {
    std::optional<std::uint32_t> kvno;
    etype_t etype;
  } ticket;
  no_ticket_key had;
};
constexpr bool a_line_has_the_keys() {
  constexpr auto aes256 = etype_t::aes256_cts_hmac_sha1_96;
  lookup x{{7, aes256}, {}};
  if (key_line(x).view() !=
      "The ticket needs version 7 of a key of type aes256-cts-hmac-sha1-96. Under its service name there is no key.")
    return false;
  x.had.others = 1;
  if (!key_line(x).view().ends_with("there is no key. Under another name there is 1 key.")) return false;
  x = {{{}, etype_t(77)}, {}};
  x.had.others = 12;
  for (std::uint32_t v = 1; v != 11; ++v) {
    (void)x.had.had.push_back({v, v == 1 ? etype_t::rc4_hmac : aes256});
    x.had.total = v;
    if (v == 2 && key_line(x).view() !=
                      "The ticket needs a key of type number 77. Under its service name there are: version 1 rc4-hmac, "
                      "version 2 aes256-cts-hmac-sha1-96. Under other names there are 12 keys.")
      return false;
  }
  return key_line(x).view().ends_with(
      "version 8 aes256-cts-hmac-sha1-96 and 2 more. Under other names there are 12 keys.");
}
KERB_BOTH("key_line: the key that a ticket needs, the keys under its name, and how many there are under others",
          "[core][rfc4120-3.2.3]", a_line_has_the_keys);

constexpr bool small_letters_in_a_realm_are_told() {
  const error mismatch{.code = errc::name_mismatch}, skew{.code = errc::clock_skew}, silent{.code = errc::no_answer};
  const error wrong_realm{.code = errc::kdc_error, .detail = 68}, locked{.code = errc::kdc_error, .detail = 18};
  const auto told = [](const error& e, std::string_view realm) {
    return log_line(e, party::client, realm).view().ends_with("capital letters: try SAMBA.TEST.");
  };
  for (const error& e : {mismatch, silent, wrong_realm})
    if (!told(e, "samba.test") || !told(e, "Samba.TEST") || told(e, "SAMBA.TEST") || told(e, "")) return false;
  return !told(skew, "samba.test") && !told(locked, "samba.test");
}
KERB_BOTH("log_line: a client is told that its realm has small letters, where that can be the cause", "[core]",
          small_letters_in_a_realm_are_told);

constexpr bool a_text_is_cut_at_its_end() {
  error_text text;
  for (int i = 0; i != 1000; ++i) text += "abc";
  return text.view().size() == 639 && text.c_str()[639] == '\0' && text.view().starts_with("abcabc") &&
         text.view().back() == 'c';
}
KERB_BOTH("error_text: a text that is too long is cut, and ends with a zero", "[core]", a_text_is_cut_at_its_end);

TEST_CASE("log_line: no text of the library is cut, and nothing is allocated", "[core]") {
  std::size_t longest = 0;
  {
    kerb_test::no_allocations none;
    for (unsigned n = 0; n != 1000; ++n) {
      for (const party who : parties) {
        const error e{.code = static_cast<errc>(n),
                      .offset = 4294967295u,
                      .type = "EncryptedKrbAuthorizationData",
                      .field = "authorization-data"};
        const auto line = log_line(e, who, "a.realm.of.sixty.four.letters.is.longer.than.most.realms.are.org");
        longest = line.view().size() > longest ? line.view().size() : longest;
      }
    }
  }
  CHECK(longest > 200);
  CHECK(longest < 639);
}

}  // namespace

namespace {
constexpr bool a_line_has_size_and_realm() {
  const auto line = [](const error& e, std::string_view realm) { return log_line(e, party::client, realm); };
  const std::string_view odd = "a\x1b[2J\xff";
  return line({.code = errc::no_space, .detail = 9000}, {})
             .view()
             .starts_with("no_space, 9000 octets needed: The memory") &&
         line({.code = errc::no_space}, {}).view().starts_with("no_space: The memory") &&
         line({.code = errc::bad_key_version, .detail = 7, .type = "Ticket", .field = "enc-part"}, {})
             .view()
             .starts_with("bad_key_version in Ticket.enc-part, version 7 needed: This machine") &&
         line({.code = errc::bad_key_version}, {}).view().starts_with("bad_key_version: This machine") &&
         line({.code = errc::no_tgt}, "EX.ORG").view().starts_with("no_tgt (realm EX.ORG): There is no ticket") &&
         line({.code = errc::no_answer}, odd).view().starts_with("no_answer (realm a?[2J?): There was no answer") &&
         line({.code = errc::no_answer}, odd).view().ends_with("try A?[2J?.");
}

/// Every outcome of an acquisition, as acquire() returns it, and a word of what the user is told.
struct outcome {
  error why;
  std::string_view says;
};
constexpr error from_kdc(error_code_t code) {
  return {
      .code = errc::kdc_error, .detail = static_cast<std::uint32_t>(code), .type = "KRB-ERROR", .field = "error-code"};
}
constexpr outcome outcomes[] = {
    {{.code = errc::no_tgt}, "Log in again"},
    {{.code = errc::no_key}, "Give the program the password, or a keytab"},
    {{.code = errc::no_answer}, "There was no answer"},
    {{.code = errc::password_expired}, "Change it"},
    {{.code = errc::referral_loop}, "from one to another without end"},
    {{.code = errc::integrity, .type = "AS-REP", .field = "enc-part"}, "the password or key is wrong"},
    {{.code = errc::clock_skew}, "Set this machine's clock"},
    {{.code = errc::name_mismatch, .type = "EncKDCRepPart", .field = "sname"}, "is for another name or realm"},
    {{.code = errc::no_preauth_mechanism, .type = "METHOD-DATA"}, "Use another program"},
    {{.code = errc::too_many_rounds, .type = "KRB-ERROR"}, "again and again"},
    {{.code = errc::no_space, .detail = 9000}, "Raise the program's limit"},
    {{.code = errc::ticket_expired}, "Get a new one"},
    {{.code = errc::etype_not_offered, .type = "AS-REP"}, "Do not trust the answer"},
    {{.code = errc::bad_s2k_parameters, .type = "ETYPE-INFO2"}, "Do not trust the answer"},
    {{.code = errc::stream_ended}, "closed the connection"},
    {from_kdc(error_code_t::kdc_err_preauth_failed), "password"},
    {from_kdc(error_code_t::kdc_err_c_principal_unknown), "does not know"},
    {from_kdc(error_code_t::kdc_err_s_principal_unknown), "does not know"},
    {from_kdc(error_code_t::kdc_err_client_revoked), "locked"},
    {from_kdc(error_code_t::kdc_err_key_expired), "password"},
    {from_kdc(error_code_t::kdc_err_name_exp), "expired"},
    {from_kdc(error_code_t::kdc_err_etype_nosupp), "encryption type"},
    {from_kdc(error_code_t::kdc_err_policy), "rules"},
    {from_kdc(error_code_t::kdc_err_wrong_realm), "another realm"},
    {from_kdc(error_code_t::kdc_err_svc_unavailable), "Try"},
    {from_kdc(error_code_t::krb_ap_err_tkt_expired), "expired"},
    {from_kdc(error_code_t::krb_err_generic), "log"},
};
}  // namespace

KERB_BOTH("log_line: the size that is needed, and the realm without control characters", "[explain]",
          a_line_has_size_and_realm)
TEST_CASE("explain: each outcome of an acquisition tells the user what to do", "[explain]") {
  for (const outcome& o : outcomes) {
    const std::string_view text = explain(o.why, party::client);
    INFO(text);
    CHECK(text.find(o.says) != std::string_view::npos);
    CHECK(text.find(". ") != std::string_view::npos);  // what has happened, and what to do
  }
}
