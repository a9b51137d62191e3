// What the server needs of the code that answers requests at one of its ports.
#pragma once
#include <sys/time.h>

#include <kerb/exchange/kdc/serve.hpp>

#include "journal.hpp"

namespace example {

inline kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}

class responder {
 public:
  explicit responder(journal& log) : log_(log) {}
  responder(const responder&) = delete;
  responder& operator=(const responder&) = delete;
  virtual ~responder() = default;

  /// Returns the answer, on a stream with its length in front; empty if there is none. It is valid until the next call.
  virtual kerb::bytes_view operator()(kerb::bytes_view request, const kerb::kdc_peer& peer,
                                      const std::string& from) = 0;
  /// The last answer on a stream to a client whose next message is too long (RFC 4120 section 7.2.2), if there is one.
  virtual kerb::bytes_view too_long(const std::string& from) = 0;
  journal& log() { return log_; }

 private:
  journal& log_;
};

}  // namespace example
