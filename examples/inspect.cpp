// Shows Kerberos messages field by field, and opens what is sealed if it has the keys.
#include "inspect/options.hpp"

namespace {

using namespace inspect;

/// Which keys an option of the command line has named: from `first` to `last` of the ring.
struct named_keys {
  std::string if_of_no_use;  ///< what to say
  std::size_t first, last;
};

/// Adds the keys that the command line names. Returns false if one is not available.
bool gather_keys(const options& o, keyring& keys, std::vector<named_keys>& named) {
  const auto note = [&](const std::string& if_of_no_use, std::size_t first) {
    if (first != keys.size()) named.push_back({if_of_no_use, first, keys.size()});  // else it was named before
  };
  for (const std::string& file : o.keytabs) {
    const auto octets = read_octets(file);
    if (!octets) return std::cerr << "inspect: " << file << " cannot be read\n", false;
    const auto keytab = kerb::keytab_view::open(*octets);
    if (!keytab) return std::cerr << "inspect: " << file << ": " << fault_text(keytab.error()) << '\n', false;
    const std::size_t first = keys.size();
    for (const kerb::keytab_entry e : *keytab)
      keys.add(e.etype, e.key.unguarded(), "the key of " + text_of(e.principal) + ", version " + std::to_string(e.kvno),
               text_of(e.principal));
    note("no key of " + file + " opened anything", first);
  }
  for (const auto& [etype, key] : o.keys) {
    const std::size_t first = keys.size();
    if (!keys.add(etype, key, "the key given") &&
        keys.find(etype, key) == item::no_key)  // the same key twice is no error
      return std::cerr << "inspect: --key " << static_cast<int>(etype) << ":... is no key that can be used here\n",
             false;
    note("--key " + std::to_string(static_cast<int>(etype)) + ":... opened nothing", first);
  }
  for (const std::string& file : o.messages) {
    const auto octets = read_octets(file);
    if (!octets) return std::cerr << "inspect: " << file << " cannot be read\n", false;
    keys.add_message(file, *octets);
  }
  keys.passwords = o.passwords;
  for (const std::string& salt : o.salts)
    for (const kerb::etype_t e : keys.etypes()) keys.add_salted({e, salt, 0});
  return true;
}

/// What all files have; nothing if one cannot be read.
std::optional<std::vector<source>> gather(const options& o) {
  std::vector<source> out;
  for (const std::string& file : o.files) {
    auto raw = read_octets(file);
    if (!raw) return std::cerr << "inspect: " << file << " cannot be read\n", std::nullopt;
    for (source& s : sources_of(*std::move(raw))) {
      if (o.files.size() > 1) s.where += (s.where.empty() ? "" : " of ") + file;
      out.push_back(std::move(s));
    }
  }
  return out;
}
std::vector<document> dissect_all(const std::vector<source>& in, const options& o, keyring& keys, bool secrets,
                                  std::size_t& other_ports) {
  std::vector<document> out;
  other_ports = 0;
  for (const source& s : in)
    for (document& d : dissect(s.data, o, keys, secrets, other_ports)) {
      if (!s.where.empty()) d.where += (d.where.empty() ? "" : ", ") + s.where;
      out.push_back(std::move(d));
    }
  return out;
}

/// Dissects everything again until no further key is found: a ticket's session key may be in a later message.
void learn_keys(const std::vector<source>& in, const options& o, keyring& keys) {
  if (keys.empty()) return;
  keys.given = keys.size();
  learner l(keys);
  for (int round = 0; round != 6; ++round) {
    const std::size_t before = keys.size();
    std::size_t other_ports = 0;
    for (const document& d : dissect_all(in, o, keys, true, other_ports)) l.learn(d);
    if (keys.size() == before) return;
  }
}

/// Tells what the options have not led to, which a reader of the output may otherwise take for the files' fault.
void tell_what_was_of_no_use(const options& o, const keyring& keys, const std::vector<named_keys>& named,
                             std::size_t other_ports) {
  if (other_ports != 0) {
    std::string ports;
    for (const std::uint16_t p : o.ports) ports += (ports.empty() ? "" : ", ") + std::to_string(p);
    std::cerr << "inspect: " << other_ports << " frames of UDP and TCP were passed over: only the ports " << ports
              << " were looked at (--port N adds one)\n";
  }
  const auto any = [&](std::size_t first, std::size_t last) {
    for (std::size_t n = first; n != last; ++n)
      if (keys.has_opened(n)) return true;
    return false;
  };
  for (const named_keys& k : named)
    if (!any(k.first, k.last)) std::cerr << "inspect: " << k.if_of_no_use << '\n';
  bool by_password = o.passwords.empty();
  for (std::size_t n = 0; n != keys.keys().size(); ++n)
    by_password = by_password || (keys.keys()[n].whose.rfind("the password", 0) == 0 && keys.has_opened(n));
  if (!by_password) std::cerr << "inspect: --password opened nothing; is the salt another one (--salt)?\n";
}

int run(const options& o) {
  const auto in = gather(o);
  keyring keys;
  std::vector<named_keys> named;
  if (!in || !gather_keys(o, keys, named)) return 2;
  learn_keys(*in, o, keys);

  std::size_t other_ports = 0;
  const auto documents = dissect_all(*in, o, keys, o.secrets, other_ports);
  if (keys.too_many_salts) std::cerr << "inspect: too many salts: the password was not tried with all of them\n";
  if (documents.empty()) std::cerr << "inspect: no Kerberos message in " << o.files[0] << '\n';
  bool good = !documents.empty();
  text_printer text(o.how);
  json_printer json;
  for (const document& d : documents) {
    if (o.json) json.print(d);
    else text.print(d);
    good = good && d.fault.ok();
  }
  std::cout.flush();
  tell_what_was_of_no_use(o, keys, named, other_ports);
  return good && std::cout ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  int status = 0;
  const auto o = inspect::read_options(argc, argv, status);
  return o ? run(*o) : status;
} catch (const std::exception& e) {
  std::cerr << "inspect: " << e.what() << '\n';
  return 2;
}
