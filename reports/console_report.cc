// Drawing of the live block and of plain lines; see the header for who calls what.
#include "reports/console_report.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "harness/base/strings.h"
#include "reports/text.h"

namespace holdfast::reports {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanos kRedrawEvery = milliseconds(100);
constexpr Nanos kOperationsLineEvery = seconds(10);
constexpr Nanos kRateWindow = seconds(3);

Color PodColor(std::string_view state) {
  if (state == "ready") return Color::kGreen;
  if (state == "terminating" || state == "pending") return Color::kYellow;
  if (state == "failed") return Color::kRed;
  return Color::kNone;
}

size_t Columns(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// The first `columns` characters.
std::string_view Cut(std::string_view text, size_t columns) {
  size_t at = 0;
  while (at < text.size()) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && columns-- == 0) break;
    ++at;
  }
  return text.substr(0, at);
}

// The segments one after another, painted, in at most `width` columns.
std::string Fit(const std::vector<std::pair<std::string, Color>>& segments,
                size_t width,
                bool color) {
  std::string out;
  size_t left = width;
  for (const auto& [text, paint] : segments) {
    const size_t columns = Columns(text);
    out += Paint(Cut(text, left), paint, color);
    if (columns >= left) break;
    left -= columns;
  }
  return out;
}

// "59s", "1m25s": whole seconds, for a clock that is redrawn.
std::string ClockText(Nanos duration) {
  const auto whole = std::chrono::duration_cast<seconds>(duration).count();
  return whole < 60 ? fmt::format("{}s", whole) : fmt::format("{}m{:02}s", whole / 60, whole % 60);
}

const char* Environment(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): the environment is never changed.
}

}  // namespace

ConsoleOptions DetectConsole(int fd) {
  ConsoleOptions options;
  const char* term = Environment("TERM");
  const char* no_color = Environment("NO_COLOR");
  options.live =
      ::isatty(fd) == 1 && term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
  options.color = options.live && (no_color == nullptr || *no_color == '\0');
  options.width = [fd] {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
      return static_cast<int>(size.ws_col);
    return 80;
  };
  return options;
}

ConsoleReport::ConsoleReport(Sink sink, ConsoleOptions options, const Clock& clock)
    : sink_(std::move(sink)),
      options_(std::move(options)),
      clock_(clock),
      begun_(clock.Now()) {}

ConsoleReport::~ConsoleReport() { End(); }

void ConsoleReport::Begin(std::string_view suite, int scenarios, Nanos expected) {
  const std::lock_guard lock(mutex_);
  scenarios_ = scenarios;
  expected_ = expected;
  std::string text =
      fmt::format("suite {}: {} scenario{}", OneLine(suite), scenarios, scenarios == 1 ? "" : "s");
  if (expected > Nanos{0}) text += ", about " + FormatDuration(expected);
  Permanent(text);
}

void ConsoleReport::ScenarioBegin(std::string_view name) {
  const std::lock_guard lock(mutex_);
  ++scenario_;
  scenario_name_ = OneLine(name);
  phase_ = "beginning";
  Event(fmt::format("scenario {} ({} of {})", scenario_name_, scenario_, scenarios_));
}

void ConsoleReport::Phase(std::string_view text) {
  const std::lock_guard lock(mutex_);
  std::string phase = OneLine(text);
  if (phase == phase_) return;
  phase_ = std::move(phase);
  Event(phase_);
}

void ConsoleReport::Pod(int ordinal, std::string_view state) {
  const std::lock_guard lock(mutex_);
  std::string clean = OneLine(state);
  const auto known = pods_.find(ordinal);
  if (clean.empty()) {
    if (known == pods_.end()) return;
    pods_.erase(known);
    return Event(fmt::format("pod {}: gone", ordinal));
  }
  if (known != pods_.end() && known->second == clean) return;
  pods_[ordinal] = clean;
  Event(fmt::format("pod {}: {}", ordinal, clean));
}

void ConsoleReport::Operations(int64_t ok, int64_t fail, int64_t info) {
  const std::lock_guard lock(mutex_);
  const Nanos now = Elapsed();
  ok_ = ok;
  fail_ = fail;
  info_ = info;
  samples_.emplace_back(now, ok + fail + info);
  while (samples_.size() > 2 && now - samples_.front().first > kRateWindow)
    samples_.pop_front();
  if (!has_operations_) last_operations_line_ = now;
  has_operations_ = true;
  if (options_.live) return Redraw("", false);
  if (now - last_operations_line_ < kOperationsLineEvery) return;
  last_operations_line_ = now;
  Event("operations: " + OperationsText());
}

void ConsoleReport::ScenarioEnd(std::string_view name,
                                check::Verdict verdict,
                                std::string_view reason) {
  const std::lock_guard lock(mutex_);
  Permanent(fmt::format("{}: {}: {}", OneLine(name),
                        Paint(check::ToString(verdict), ColorOf(verdict), options_.color),
                        OneLine(reason)));
}

void ConsoleReport::Line(std::string_view text) {
  const std::lock_guard lock(mutex_);
  Permanent(OneLine(text));
}

void ConsoleReport::Tick() {
  const std::lock_guard lock(mutex_);
  if (options_.live) Redraw("", false);
}

void ConsoleReport::End() {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  if (lines_drawn_ > 0) sink_(Erase());
  lines_drawn_ = 0;
}

void ConsoleReport::Event(std::string_view plain) {
  if (options_.live) return Redraw("", false);
  Permanent(std::string(plain));
}

void ConsoleReport::Permanent(const std::string& colored) {
  if (options_.live) return Redraw(colored + "\n", true);
  if (ended_) return;
  const double elapsed = std::chrono::duration<double>(Elapsed()).count();
  sink_(fmt::format("[{:7.1f}s] {}\n", elapsed, colored));
}

void ConsoleReport::Redraw(std::string_view above, bool forced) {
  if (ended_) return;
  const Nanos now = clock_.Now();
  if (!forced && lines_drawn_ > 0 && now - last_redraw_ < kRedrawEvery) return;
  last_redraw_ = now;
  std::string out = Erase();
  out += above;
  const std::string block = Block();
  lines_drawn_ = static_cast<int>(std::count(block.begin(), block.end(), '\n'));
  sink_(out + block);
}

// The cursor stands at the left of the line below the block.
std::string ConsoleReport::Erase() const {
  return lines_drawn_ == 0 ? "" : fmt::format("\x1b[{}A\r\x1b[J", lines_drawn_);
}

std::string ConsoleReport::Block() const {
  const int columns = options_.width ? options_.width() : 80;
  const auto width = static_cast<size_t>(std::clamp(columns - 1, 20, 400));
  std::string block = StatusLine(width) + "\n";
  if (!pods_.empty()) {
    std::vector<Segment> segments = {{"  pods ", Color::kDim}};
    for (const auto& [ordinal, state] : pods_) {
      segments.emplace_back(fmt::format(" {} ", ordinal), Color::kNone);
      segments.emplace_back(state + " ", PodColor(state));
    }
    block += Fit(segments, width, options_.color) + "\n";
  }
  if (has_operations_)
    block +=
        Fit({{"  ops   ", Color::kDim}, {OperationsText(), Color::kNone}}, width, options_.color) +
        "\n";
  return block;
}

// The scenario and phase at the left, the times at the right; the phase gives way.
std::string ConsoleReport::StatusLine(size_t width) const {
  std::string times = ClockText(Elapsed());
  if (const Nanos left = expected_ - Elapsed(); left > seconds(1))
    times += ", about " + ClockText(left) + " left";
  std::string text = phase_;
  if (scenario_ > 0)
    text = fmt::format("{} ({}/{}): {}", scenario_name_, scenario_, scenarios_, phase_);
  if (times.size() + 10 > width) return Fit({{text, Color::kNone}}, width, options_.color);
  const size_t room = width - times.size() - 2;
  text = std::string(Cut(text, room));
  const std::string gap(room - Columns(text) + 2, ' ');
  return Fit({{text + gap, Color::kNone}, {times, Color::kDim}}, width, options_.color);
}

double ConsoleReport::Rate() const {
  if (samples_.size() < 2) return 0;
  const auto& [first_time, first] = samples_.front();
  const auto& [last_time, last] = samples_.back();
  const double elapsed = std::chrono::duration<double>(last_time - first_time).count();
  return elapsed > 0 ? static_cast<double>(last - first) / elapsed : 0;
}

std::string ConsoleReport::OperationsText() const {
  return fmt::format("{} ok, {} failed, {} unknown, {:.0f}/s", WithThousands(ok_),
                     WithThousands(fail_), WithThousands(info_), Rate());
}

}  // namespace holdfast::reports
