// The trace of --trace: as text or JSON while it happens, or as a drawing at the end.
#pragma once
#include <kerb/botan.hpp>
#include <kerb/trace/json.hpp>
#include <kerb/trace/svg.hpp>
#include <kerb/trace/text.hpp>

#include "files.hpp"
#include "options.hpp"

namespace example {

class tracer {
 public:
  explicit tracer(const options& o) : how_(o.trace), path_(o.trace_file) {
    space_.resize(how_ == tracing::svg ? 1 << 20 : 8192);
    if (how_ == tracing::svg) drawing_.emplace(space_);
    if (how_ != tracing::off && how_ != tracing::svg && !path_.empty()) {
      file_ = std::fopen(path_.c_str(), "w");
      if (file_ == nullptr) throw failure(path_ + " cannot be written: " + std::strerror(errno));
    }
  }
  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;
  ~tracer() {
    if (file_ != nullptr) std::fclose(file_);
    if (!drawing_) return;
    const auto svg = drawing_->finish();
    std::FILE* const out = path_.empty() ? stderr : std::fopen(path_.c_str(), "w");
    if (out == nullptr || !svg) {
      std::fputs("kerb: the drawing cannot be written\n", stderr);
      return;
    }
    std::fwrite(svg->data(), 1, svg->size(), out);
    if (out != stderr) std::fclose(out);
  }

  void operator()(kerb::timestamp at, const kerb::trace_event& e) {
    if (how_ == tracing::off) return;
    if (drawing_) return (*drawing_)(at, e);
    const auto written = [&] {
      return how_ == tracing::json ? kerb::trace_json(at, e, space_) : kerb::trace_text(at, e, space_);
    };
    auto text = written();
    if (!text && text.error().code == kerb::errc::no_space) {  // a KDC can name a long realm
      space_.resize(text.error().detail);
      text = written();
    }
    if (text) std::fprintf(file_ == nullptr ? stderr : file_, "%.*s\n", static_cast<int>(text->size()), text->data());
  }

 private:
  tracing how_;
  std::string path_;
  std::FILE* file_ = nullptr;
  std::vector<char> space_;
  std::optional<kerb::svg_trace> drawing_;
};

using policy = kerb::traced<kerb::botan::policy, tracer>;
using key = policy::key;
using credential = kerb::basic_credential<key>;

}  // namespace example
