// From a file's octets to documents: captures, streams, keytabs and caches; it also collects keys on the way.
#pragma once
#include <kerb/format/ccache.hpp>
#include <kerb/format/principal.hpp>

#include "kirbi.hpp"
#include "pcap.hpp"
#include "print.hpp"
#include "recognise.hpp"

namespace inspect {

struct request {
  std::string as;  ///< the name of a kind, or empty
  std::set<std::uint16_t> ports{88, 464};
  bool secrets = false;
};

/// Splits a stream of messages with their lengths (RFC 4120 section 7.2.2). `frame_of` returns the origin of an octet.
template <class FrameOf>
void split_stream(bytes_view in, std::vector<document>& out, keyring& keys, bool secrets, const std::string& where,
                  FrameOf&& frame_of) {
  for (std::size_t at = 0; at != in.size();) {
    document& d = out.emplace_back();
    d.where = frame_of(at) + where;
    const std::size_t left = in.size() - at;
    std::size_t size = 0;
    for (std::size_t i = 0; i != 4 && left >= 4; ++i) size = size << 8 | in[at + i];
    const bool whole = left >= 4 && left - 4 >= size;
    const bytes_view message = whole ? in.subview(at, size + 4) : in.subview(at);
    d.whole = copied(message);
    const place p{d, keys, secrets};
    if (left < 4) {
      d.name = "part of a message";
      return p.fail(kerb::errc::truncated, left, "TCP", "length");
    }
    p.number("length", message, 0, 4);
    if (size != 0 && !show_any(message.subview(4), p.below(4, 0))) {
      d.name = "unknown";
      p.fail(kerb::errc::unexpected_tag, 4, "message", "");
    }
    if (!whole) {
      if (d.fault.ok()) p.fail(kerb::errc::stream_ended, left, "TCP", "length");
      return;
    }
    at += size + 4;
  }
}
/// Whether `in` begins with a length and a message.
inline bool looks_framed(bytes_view in) {
  if (in.size() < 5 || in[0] != 0) return false;
  const std::size_t size = in[1] * 65536u + in[2] * 256u + in[3];
  for (const kind& k : kinds())
    if (k.tag >= 0x60 && k.tag == in[4] && size > 1) return true;
  if ((in[4] == 0x60 || in[4] == 0xa0 || in[4] == 0xa1) && size > 1) return true;  // tokens of GSS-API
  return size == in.size() - 4;
}

/// The form of kerb::to_text, in which names with different components never look alike.
inline std::string text_of(const kerb::file_name& n) {
  std::array<kerb::kerberos_string, 32> parts;
  if (const auto name = n.in(parts)) {
    std::string buffer(4096, '\0');
    if (const auto text = kerb::to_text(*name, buffer)) return std::string(*text);
  }
  std::string out;  // too many components, or too long ones
  for (const kerb::kerberos_string c : n.components) out += (out.empty() ? "" : "/") + std::string(c.text());
  return out + "@" + std::string(n.realm.text());
}

inline void show_name(const place& at, const char* field, const kerb::file_name& n) {
  const std::string text = text_of(n);
  item& i = at.line(field, "principal", content::text, 0, text.size());
  i.contents.assign(text.begin(), text.end());
  i.name = name_of(n.name_type);
}
inline void show_key(const place& at, kerb::etype_t etype, kerb::secret_view key) {
  at.line("etype", "Int16", content::number, 0, 2, static_cast<std::int32_t>(etype)).name = name_of(etype);
  item& k = at.line("key", "octets", at.secrets ? content::octets : content::withheld, 0, key.size());
  if (at.secrets) k.contents = copied(key.unguarded());
}

inline void show_keytab(bytes_view in, const place& at) {
  at.doc.name = "keytab";
  at.doc.guarded = !at.secrets;
  const auto file = kerb::keytab_view::open(in);
  if (!file) return at.fail(file.error().code, file.error().offset, file.error().type, file.error().field);
  at.line("version", "UInt16", content::number, 0, 2, file->version()).name = format("0x%04llx", file->version());
  item& list = at.line("entries", "SEQUENCE OF", content::elements, 2, in.size() - 2);
  list.element = "entry";
  std::size_t n = 0;
  for (const kerb::keytab_entry e : *file) {
    place p = at.below(0);
    p.placed = false;
    p.line("", "entry", content::fields, 0, 0).index = n++;
    ++p.depth;
    show_name(p, "principal", e.principal);
    p.line("timestamp", "time", content::time, 0, 4, e.timestamp.seconds);
    p.line("kvno", "UInt32", content::number, 0, 4, e.kvno);
    show_key(p, e.etype, e.key);
  }
}

inline void show_ccache(bytes_view in, place at) {
  at.placed = false;
  at.doc.name = "credential cache";
  at.doc.guarded = !at.secrets;
  const auto file = kerb::ccache_view::open(in);
  if (!file) return at.fail(file.error().code, file.error().offset, file.error().type, file.error().field);
  at.line("version", "UInt8", content::number, 1, 1, file->version());
  if (const auto& o = file->offset())
    at.line("kdc-offset", "Int32", content::number, 0, 8, o->seconds).name = std::to_string(o->usec) + " microseconds";
  show_name(at, "client", file->client());
  item& list = at.line("credentials", "SEQUENCE OF", content::elements, 0, 0);
  list.element = "credential";
  std::size_t n = 0;
  for (const kerb::cache_entry e : *file) {
    const place p = at.below(0, 2);
    if (const auto c = e.config()) {
      at.below(0).line("", "setting", content::fields, 0, 0).index = n++;
      p.bytes("key", c->key.octets, 0, c->key.octets.size(), content::text);
      if (c->principal) p.bytes("principal", c->principal->octets, 0, c->principal->octets.size(), content::text);
      item& value = p.bytes("value", c->value, 0, c->value.size(), content::text);
      // Heimdal's kinit --ntlm-domain stores a hash of the password there, which is as secret as the password
      if (!at.secrets && c->key.text().rfind("ntlm-key-", 0) == 0)
        value.holds = content::withheld, value.contents.clear();
      continue;
    }
    item& entry = at.below(0).line("", "credential", content::fields, 0, 0);
    entry.index = n++;
    if (e.is_removed()) entry.remark = "removed";
    show_name(p, "client", e.client);
    show_name(p, "server", e.server);
    show_key(p, e.etype, e.key);
    p.line("authtime", "time", content::time, 0, 4, e.authtime.seconds);
    if (e.starttime) p.line("starttime", "time", content::time, 0, 4, e.starttime->seconds);
    p.line("endtime", "time", content::time, 0, 4, e.endtime.seconds);
    if (e.renew_till) p.line("renew-till", "time", content::time, 0, 4, e.renew_till->seconds);
    item& f = p.line("flags", "TicketFlags", content::flags, 0, 4, e.flags.bits);
    for (unsigned b = 0; b != 32; ++b) {
      if ((e.flags.bits & 0x80000000u >> b) == 0) continue;
      const auto name = name_of(static_cast<kerb::ticket_flag_t>(b));
      f.bits.push_back(name.empty() ? "bit " + std::to_string(b) : std::string(name));
    }
    for (const auto& [field, ticket] : {std::pair{"ticket", e.ticket}, {"second-ticket", e.second_ticket}}) {
      if (ticket.empty()) continue;
      const auto at_octet = ticket.data() >= in.data() ? static_cast<std::size_t>(ticket.data() - in.data()) : 0;
      p.line(field, "octets", content::nested, at_octet, ticket.size()).placed = true;
      document apart;
      show<kerb::msg::Ticket>("Ticket", ticket, {apart, at.keys, at.secrets, p.depth + 1, u32(at_octet)});
      for (item& i : apart.items) at.doc.items.push_back(std::move(i));
      if (!apart.fault.ok()) at.doc.items.back().note = apart.fault;
    }
  }
}

/// Dissects `in`, the content of any kind of file. Adds to `other_ports` the frames of a capture that it passes over.
inline std::vector<document> dissect(bytes_view in, const request& r, keyring& keys, bool secrets,
                                     std::size_t& other_ports) {
  std::vector<document> out;
  if (r.as.empty() && capture::is_one(in)) {
    capture c(in, r.ports);
    other_ports += c.other_ports;
    for (payload& p : c.take()) {
      if (p.stream) {
        split_stream(p.data, out, keys, secrets, p.where, [&](std::size_t at) {
          const auto behind = std::upper_bound(p.pieces.begin(), p.pieces.end(), at,
                                               [](std::size_t n, const payload::piece& piece) { return n < piece.at; });
          return "frame " + std::to_string(std::prev(behind)->frame) + ", ";
        });
        continue;
      }
      document& d = out.emplace_back();
      d.where = "frame " + std::to_string(p.frame) + ", " + p.where;
      d.whole = p.data;
      const place at{d, keys, secrets};
      if (show_any(p.data, at)) continue;
      d.name = "unknown";
      at.fail(kerb::errc::unexpected_tag, 0, "message", "");
    }
    if (c.unknown != 0) {
      document& d = out.emplace_back();
      d.name = "capture";
      d.where = std::to_string(c.unknown) + " frames of a link layer that is not known here";
      d.fault = {.code = kerb::errc::wrong_constant, .type = "pcap", .field = "link type"};
    }
    if (!c.fault.ok() || c.gaps != 0) {
      document& d = out.emplace_back();
      d.name = "capture";
      d.where = c.fault.ok() ? "a TCP connection lacks segments" : "the file ends within a packet";
      d.fault =
          c.fault.ok() ? kerb::error{.code = kerb::errc::stream_ended, .type = "pcap", .field = "segment"} : c.fault;
    }
    return out;
  }
  if (r.as.empty() && looks_framed(in)) {
    split_stream(in, out, keys, secrets, "with TCP's length", [](std::size_t) { return std::string(); });
    return out;
  }
  document& d = out.emplace_back();
  d.whole = copied(in);
  const place at{d, keys, secrets};
  if (!r.as.empty()) {
    for (const kind& k : kinds())
      if (r.as == k.name) k.show(in, at);
  } else if (in.size() >= 2 && in[0] == 5 && in[1] >= 1 && in[1] <= 4) {
    // keytabs have versions 1 and 2, caches 1 to 4, and RFC 4121's Wrap tokens begin like a cache of version 4
    if (kerb::keytab_view::open(in)) show_keytab(in, at);
    else if (kerb::ccache_view::open(in)) show_ccache(in, at);
    else if (show_per_message(in, at)) return out;
    else if (in[1] == 2) show_keytab(in, at);
    else show_ccache(in, at);
  } else if (const auto der = der_of_kirbi(in)) {
    d.whole = *der;
    d.where = "a .kirbi with lengths in long form; offsets are those of its DER";
    show<kerb::msg::KrbCred>("KRB-CRED", d.whole, at);
  } else if (!show_any(in, at)) {
    d.name = "unknown";
    at.fail(in.empty() ? kerb::errc::truncated : kerb::errc::unexpected_tag, 0, "message", "");
  }
  return out;
}

/// Adds the keys and the salts of a dissected document to the ring.
class learner {
 public:
  explicit learner(keyring& keys) : keys_(keys) {}

  void learn(const document& d) {
    std::vector<std::string> names, realms;
    std::vector<kerb::etype_t> sealed;
    combine(d);
    for (std::size_t n = 0; n != d.items.size(); ++n) {
      const item& i = d.items[n];
      const auto value = [&](std::size_t back) -> const item& { return d.items[n - back]; };
      if (i.field == "keyvalue" && n >= 2 && !i.contents.empty()) {
        const auto etype = static_cast<kerb::etype_t>(value(1).number);
        const item* const up = above(d, n - 1);
        const item* const holder = up == nullptr ? nullptr : above(d, static_cast<std::size_t>(up - d.items.data()));
        const std::string what =
            (up == nullptr ? "" : up->field + " of ") + (holder == nullptr ? d.name : holder->type);
        keys_.add(etype, i.contents, what + (d.where.empty() ? "" : " in " + d.where.substr(0, d.where.find(','))));
      }
      if (i.field == "key" && n != 0 && value(1).field == "etype" && !i.contents.empty())
        keys_.add(static_cast<kerb::etype_t>(value(1).number), i.contents, "a key of this file");
      if (i.field == "cname" || i.field == "client") names.push_back(text_below(d, n));
      if ((i.field == "realm" || i.field == "crealm") && i.holds == content::text)
        realms.emplace_back(i.contents.begin(), i.contents.end());
      if (i.type == "ETYPE-INFO2-ENTRY") salt_from(d, n);
      if (i.field == "etype" && i.holds == content::number) sealed.push_back(static_cast<kerb::etype_t>(i.number));
    }
    if (keys_.passwords.empty()) return;
    for (const std::string& realm : realms)
      for (const std::string& name : names)
        for (const kerb::etype_t e : sealed) keys_.add_salted({e, realm + name, 0});
  }

 private:
  /// Computes the keys of FAST, RFC 6113 section 5.4: the armor key from the authenticator's subkey and the ticket's
  /// session key, the reply key from the KDC's strengthen-key and the client's key, and the keys of an encrypted
  /// challenge.
  void combine(const document& d) {
    std::vector<std::size_t> subkeys, tickets, strengthening;
    bool challenged = false;
    for (std::size_t n = 0; n != d.items.size(); ++n) {
      const item& i = d.items[n];
      challenged = challenged || i.name == name_of(kerb::padata_t::encrypted_challenge);
      if (i.key != item::no_key && i.field == "cipher") tickets.push_back(i.key);
      if (i.field != "keyvalue" || n == 0 || i.contents.empty()) continue;
      const item* const up = above(d, n);
      const std::size_t known = keys_.find(static_cast<kerb::etype_t>(d.items[n - 1].number), i.contents);
      if (up == nullptr || known == item::no_key) continue;
      if (up->field == "subkey") subkeys.push_back(known);
      if (up->field == "strengthen-key") strengthening.push_back(known);
    }
    const auto try_once = [&](std::size_t a, const char* first, std::size_t b, const char* second, const char* whose) {
      if (!combined_.insert({a, b, first}).second) return;
      keys_.add_combined(keys_.keys()[a], first, keys_.keys()[b], second, whose);
    };
    for (const std::size_t s : subkeys)
      for (const std::size_t t : tickets) {
        try_once(s, "subkeyarmor", t, "ticketarmor", "the FAST armor key");
        const std::size_t armor = keys_.labelled("the FAST armor key");
        if (!challenged || armor == item::no_key) continue;
        for (const std::size_t k : of_client(d)) {
          try_once(armor, "clientchallengearmor", k, "challengelongterm", "the client's challenge key");
          try_once(armor, "kdcchallengearmor", k, "challengelongterm", "the KDC's challenge key");
        }
      }
    for (const std::size_t s : strengthening)
      for (const std::size_t k : of_client(d))
        try_once(s, "strengthenkey", k, "replykey", "the strengthened reply key");
  }
  /// The keys that may belong to the message's client: a keytab's keys for the name in the message, keys without a
  /// name, and the password's. To combine each message with every key of a large keytab would add as many keys again.
  std::vector<std::size_t> of_client(const document& d) const {
    std::vector<std::string> names, realms;
    for (std::size_t n = 0; n != d.items.size(); ++n) {
      const item& i = d.items[n];
      if (i.field == "cname") names.push_back(text_below(d, n, "/"));
      if ((i.field == "realm" || i.field == "crealm") && i.holds == content::text)
        realms.emplace_back(i.contents.begin(), i.contents.end());
    }
    std::set<std::string> clients;
    for (const std::string& name : names)
      for (const std::string& realm : realms)
        if (clients.size() < 64) clients.insert(name + "@" + realm);
    std::vector<std::size_t> found;
    for (std::size_t k = 0; k != keys_.keys().size(); ++k) {
      const keyring::entry& e = keys_.keys()[k];
      const bool password = e.whose.rfind("the password", 0) == 0;
      const bool given =
          k < keys_.given && (e.principal.empty() || keys_.given <= 64 || clients.count(e.principal) != 0);
      if (given || password || by_hand(d, k)) found.push_back(k);
    }
    return found;
  }
  /// Whether it is a subkey for a TGS-REP: the KDC strengthens the subkey of the request.
  bool by_hand(const document& d, std::size_t k) const {
    return d.name == "TGS-REP" && keys_.keys()[k].whose.rfind("subkey", 0) == 0;
  }
  std::set<std::tuple<std::size_t, std::size_t, std::string>> combined_;

  static const item* above(const document& d, std::size_t n) {
    for (std::size_t k = n; k-- != 0;)
      if (d.items[k].depth < d.items[n].depth) return &d.items[k];
    return nullptr;
  }
  static std::string text_below(const document& d, std::size_t n, const char* between = "") {
    std::string out;
    for (std::size_t k = n + 1; k != d.items.size() && d.items[k].depth > d.items[n].depth; ++k) {
      if (d.items[k].holds != content::text) continue;
      if (!out.empty()) out += between;
      out.append(d.items[k].contents.begin(), d.items[k].contents.end());
    }
    return out;
  }
  void salt_from(const document& d, std::size_t n) {
    keyring::salt s{};
    bool has_salt = false;
    for (std::size_t k = n + 1; k != d.items.size() && d.items[k].depth > d.items[n].depth; ++k) {
      const item& i = d.items[k];
      if (i.field == "etype") s.etype = static_cast<kerb::etype_t>(i.number);
      if (i.field == "salt") s.text.assign(i.contents.begin(), i.contents.end()), has_salt = true;
      if (i.field == "s2kparams" && i.holds == content::number) s.iterations = static_cast<std::uint64_t>(i.number);
    }
    if (has_salt) keys_.add_salted(s);
  }

  keyring& keys_;
};

}  // namespace inspect
