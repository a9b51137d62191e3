// KCM: requests and replies, written and read; and what is refused.
#include <kerb/core/hex.hpp>
#include <kerb/format/kcm.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

constexpr kerberos_string user_parts[] = {"u"_krb};
constexpr kerberos_string tgs_parts[] = {"krbtgt"_krb, "R"_krb};
constexpr principal_view user{{name_t::principal, user_parts}, "R"_krb};
constexpr principal_view tgs{{name_t::srv_inst, tgs_parts}, "R"_krb};
constexpr auto key = "a0a1a2"_hex, ticket = "616263"_hex;

constexpr cached_credential credential() {
  cached_credential c{};
  c.client = user;
  c.server = tgs;
  c.etype = etype_t{18};
  c.key = secret_view(key);
  c.endtime = {200};
  c.ticket = ticket;
  return c;
}

constexpr bool request_octets() {
  // as MIT krb5's klist sends them
  const auto wanted_default = "00000004 0200 0014"_hex;
  const auto wanted_principal = "00000009 0200 0008 3130303000"_hex;
  std::array<std::uint8_t, 64> buffer{};
  kcm_writer d(kcm_op::get_default_cache, buffer);
  const auto get_default = d.finish();
  const bool first = get_default && *get_default == bytes_view(wanted_default);
  kcm_writer p(kcm_op::get_principal, buffer);
  p.name("1000");
  const auto get_principal = p.finish();
  return first && get_principal && *get_principal == bytes_view(wanted_principal);
}
KERB_BOTH("kcm: requests are those of MIT krb5", "[format]", request_octets);

constexpr bool requests() {
  std::array<std::uint8_t, 600> buffer{};
  kcm_writer w(kcm_op::replace, buffer);
  w.name("0:1");
  w.number(-5);
  w.principal(user);
  w.number(2);
  w.listed_credential(credential());
  w.listed_credential(credential());
  const auto sent = w.finish();
  const auto f = sent ? read_kcm_frame(*sent, kcm_request_header) : result<kcm_frame>(sent.error());
  if (!f || f->missing != 0 || f->octets != sent->size()) return false;
  auto r = kcm_reader::request(f->message);
  if (!r || r->op() != kcm_op::replace || !(r->name() == "0:1") || r->number() != -5) return false;
  if (!same_principal(r->principal(), user) || r->number() != 2) return false;
  const cache_entry one = r->listed_credential(), two = r->listed_credential();
  return r->at_end() && r->finish().ok() && same_principal(one.server, tgs) && two.ticket == bytes_view(ticket) &&
         two.endtime.seconds == 200;
}
KERB_BOTH("kcm: what is written in a request is read from it", "[format]", requests);

constexpr bool replies() {
  std::array<std::uint8_t, 300> buffer{};
  kcm_writer w = kcm_writer::reply(0, buffer);
  w.credential(credential());
  const auto sent = w.finish();
  const auto f = sent ? read_kcm_frame(*sent, kcm_reply_header) : result<kcm_frame>(sent.error());
  auto r = f ? kcm_reader::reply(f->message) : result<kcm_reader>(f.error());
  if (!r) return false;
  const cache_entry e = r->credential();
  if (!same_principal(e.client, user) || !ct_equal(e.key.unguarded(), key) || !r->finish().ok()) return false;
  const kcm_uuid a{1, 2}, b{3};
  kcm_writer list = kcm_writer::reply(0, buffer);
  list.uuid(a);
  list.uuid(b);
  const auto uuids = list.finish();
  if (!uuids) return false;
  auto l = kcm_reader::reply(uuids->subview(kcm_reply_header));
  if (!l || l->uuid() != a || l->at_end() || l->uuid() != b || !l->at_end() || !l->finish().ok()) return false;
  const auto no = kcm_writer::reply(-1765328189, buffer).finish();
  if (!no) return false;
  const auto why = kcm_reader::reply(no->subview(kcm_reply_header));
  return no->size() == 12 && !why && why.error().code == errc::kcm_error && why.error().detail == 2529639107u;
}
KERB_BOTH("kcm: replies have fields or an error", "[format]", replies);

constexpr bool tags() {
  // Heimdal's krb5_store_creds_tag: client and server are there; then times, is_skey and flags
  const auto wanted =
      "00000051 0200 0007 3000 20000000 00000003"
      "00000001 00000001 00000001 52 00000001 75"
      "00000002 00000002 00000001 52 00000006 6b7262746774 00000001 52"
      "00000000 00000000 00000007 00000000 00 00000000"_hex;
  std::array<std::uint8_t, 200> buffer{};
  kcm_writer w(kcm_op::retrieve, buffer);
  w.name("0");
  w.flags(kcm_match::server_name_only);
  w.tag({.client = user, .server = tgs, .endtime = {7}});
  const auto got = w.finish();
  return got && *got == bytes_view(wanted) &&
         static_cast<std::uint32_t>(kcm_match::cached_only | kcm_match::times) == 0x02000001;
}
KERB_BOTH("kcm: a credential is looked up by a tag", "[format]", tags);

constexpr bool tag_with_key_and_ticket() {
  const auto wanted =
      "00000030 0200 000b 3000 40800000 00000014"
      "0012 00000000 00000000 00000000 00000000 00000000 01 40000000 00000003 616263"_hex;
  std::array<std::uint8_t, 200> buffer{};
  kcm_writer w(kcm_op::remove_cred, buffer);
  w.name("0");
  w.flags(kcm_match::etype | kcm_match::second_ticket);
  w.tag({.etype = etype_t{18}, .is_skey = true, .flags = {ticket_flag_t::forwardable}, .second_ticket = ticket});
  const auto got = w.finish();
  return got && *got == bytes_view(wanted);
}
KERB_BOTH("kcm: a tag can have an encryption type and a second ticket", "[format]", tag_with_key_and_ticket);

constexpr bool frames() {
  const auto reply = "00000006 00000000 00000000 6100 ff"_hex;
  for (std::size_t n = 0; n != 14; ++n) {
    const auto f = read_kcm_frame(bytes_view(reply).first(n), kcm_reply_header);
    if (!f || f->missing != (n < 8 ? 8 - n : 14 - n) || !f->message.empty()) return false;
  }
  const auto whole = read_kcm_frame(reply, kcm_reply_header);
  const auto large = read_kcm_frame(reply, kcm_reply_header, 5), exact = read_kcm_frame(reply, kcm_reply_header, 6);
  const auto broken = "00000000 00000005"_hex;
  const auto transport = read_kcm_frame(broken, kcm_reply_header);
  return whole && whole->octets == 14 && whole->message.size() == 6 && !large &&
         large.error().code == errc::frame_too_long && large.error().detail == 6 && exact && !transport &&
         transport.error().code == errc::kcm_error && transport.error().detail == 5;
}
KERB_BOTH("kcm: a message is found when it is complete and not too long", "[format][security]", frames);

constexpr bool refusals() {
  const auto version = "0100 0014"_hex;
  const auto opcode = "0200 00"_hex, code = "000000"_hex;
  const auto endless = "00000000 6162"_hex, uuid = "00000000 0102"_hex;
  const auto more = "00000000 6100 62"_hex;
  const auto list = "00000000 00000001 00000004 00000000 ff"_hex;
  const auto fails = [](result<kcm_reader> r, auto&& read, errc why, std::string_view field) {
    if (!r) return r.error().code == why && std::string_view(r.error().field) == field;
    read(*r);
    const error e = r->finish();
    return e.code == why && std::string_view(e.field) == field && std::string_view(e.type) == "KCM";
  };
  const auto nothing = [](kcm_reader&) {};
  std::array<std::uint8_t, 300> buffer{};
  kcm_writer padded(kcm_op::store, buffer);  // a listed credential with an octet behind it
  padded.listed_credential(credential());
  padded.uuid({});
  const auto good = padded.finish();
  buffer[4 + 4 + 3] = static_cast<std::uint8_t>(buffer[4 + 4 + 3] + 1);
  const bytes_view longer = good->subview(4);
  const auto name = [](kcm_reader& r) { return r.name(); };
  return fails(kcm_reader::request(version), nothing, errc::wrong_constant, "version") &&
         fails(kcm_reader::request(opcode), nothing, errc::truncated, "opcode") &&
         fails(kcm_reader::reply(code), nothing, errc::truncated, "code") &&
         fails(kcm_reader::reply(endless), name, errc::truncated, "name") &&
         fails(kcm_reader::reply(more), name, errc::trailing_data, "fields") &&
         fails(
             kcm_reader::reply(uuid), [](kcm_reader& r) { return r.uuid(); }, errc::truncated, "uuid") &&
         fails(
             kcm_reader::reply(list), [](kcm_reader& r) { return r.number(), r.listed_credential(); }, errc::truncated,
             "client") &&
         fails(
             kcm_reader::request(longer), [](kcm_reader& r) { return r.listed_credential(); }, errc::trailing_data,
             "credential");
}
KERB_BOTH("kcm: what is cut short or has more octets is refused by field", "[format][security]", refusals);

constexpr bool does_not_fit() {
  std::array<std::uint8_t, 200> buffer{};
  const auto write = [&](std::size_t n, std::string_view name) {
    kcm_writer w(kcm_op::store, std::span(buffer).first(n));
    w.name(name);
    w.credential(credential());
    return w.finish();
  };
  const auto small = write(100, "0"), none = write(3, "0"), nul = write(200, std::string_view("a\0b", 3));
  if (small || small.error().code != errc::no_space || none || none.error().detail != small.error().detail)
    return false;
  const bool wiped = buffer == std::array<std::uint8_t, 200>{};
  const auto fits = write(small.error().detail, "0");
  return wiped && fits && fits->size() == small.error().detail && !write(small.error().detail - 1, "0") && !nul &&
         nul.error().code == errc::bad_name_text;
}
KERB_BOTH("kcm: what does not fit is not written, and leaves no key in the buffer", "[format][security]", does_not_fit);

}  // namespace
