// Builds the tree from yaml-cpp's events and bounds what a hostile file can cost.
#include "harness/suite/yaml_reader.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "harness/base/strings.h"
#include "harness/suite/text_checks.h"

namespace holdfast::suite {
namespace {

// Thrown by the builder when going on makes no sense; the mistake is already noted.
struct Stop {};

// yaml-cpp's marks count bytes from 0.
class Marks {
 public:
  explicit Marks(std::string_view text) : lines_(Split(text, '\n')) {}
  [[nodiscard]] Place At(const YAML::Mark& mark) const {
    if (mark.line < 0 || mark.column < 0) return {{1, 1}, {}};
    const auto line = static_cast<size_t>(mark.line);
    if (line >= lines_.size()) return End();
    return {{mark.line + 1, Column(lines_[line], static_cast<size_t>(mark.column))}, {}};
  }

 private:
  static int Column(std::string_view line, size_t bytes) {
    // Nobody counts characters by eye in such a line, and counting them per value would be slow.
    if (line.size() > 4096) return static_cast<int>(bytes) + 1;
    const std::string_view before = line.substr(0, bytes);
    const auto characters = std::count_if(before.begin(), before.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    });
    return static_cast<int>(characters) + 1;
  }
  // The last line that holds something: where a file ended too early.
  [[nodiscard]] Place End() const {
    size_t last = lines_.size() - 1;
    while (last > 0 && Trim(lines_[last]).empty())
      --last;
    return {{static_cast<int>(last) + 1, Column(lines_[last], lines_[last].size())}, {}};
  }
  std::vector<std::string> lines_;
};

size_t Height(const Node& node) {
  size_t below = 0;
  for (const Node& item : node.items)
    below = std::max(below, Height(item));
  for (const Entry& entry : node.entries)
    below = std::max(below, Height(entry.value));
  return below + 1;
}

size_t CountNodes(const Node& node) {
  size_t count = 1;
  for (const Node& item : node.items)
    count += CountNodes(item);
  for (const Entry& entry : node.entries)
    count += CountNodes(entry.value);
  return count;
}

// Builds the tree from the parser's events: the only interface of yaml-cpp that shows duplicate
// keys, their order and aliases.
class Builder : public YAML::EventHandler {
 public:
  Builder(const Marks& marks, Mistakes& mistakes) : marks_(marks), mistakes_(mistakes) {}

  std::optional<Node> root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    mistakes_.Add(marks_.At(mark), "a second document; a suite file holds one, without '---'");
    throw Stop();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.place = marks_.At(mark);
    Attach(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      mistakes_.Add(marks_.At(mark), "an alias inside the value that it stands for");
      throw Stop();
    }
    nodes_ += CountNodes(found->second);
    if (stack_.size() + Height(found->second) > kMaximumDepth) TooDeep(marks_.At(mark));
    Attach(found->second, YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = NodeKind::kScalar;
    node.place = marks_.At(mark);
    node.text = value;
    node.quoted = tag == "!";
    RefuseTag(tag, node.place);
    Attach(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(NodeKind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(NodeKind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<Entry> pending;            // A map's key that waits for its value.
    bool drop = false;                       // Its value is not kept: the key was a mistake.
    std::map<std::string, Place> keys = {};  // Seen in this map.
  };

  void RefuseTag(const std::string& tag, const Place& place) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    mistakes_.Add(place, "the tag '{}' is not supported; remove it", Excerpt(tag));
  }
  [[noreturn]] void TooDeep(const Place& place) {
    mistakes_.Add(place, "nested more than {} levels deep", kMaximumDepth);
    throw Stop();
  }

  void Open(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = marks_.At(mark);
    frame.anchor = anchor;
    RefuseTag(tag, frame.node.place);
    if (stack_.size() >= kMaximumDepth) TooDeep(frame.node.place);
    stack_.push_back(std::move(frame));
  }

  void Close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    Attach(std::move(frame.node), frame.anchor);
  }

  void Attach(Node node, YAML::anchor_t anchor) {
    // An anchored value is kept twice, so it counts twice: nested anchors cannot multiply memory.
    nodes_ += anchor == YAML::NullAnchor ? 1 : 1 + CountNodes(node);
    if (nodes_ > kMaximumNodes) {
      mistakes_.Add(node.place,
                    "more than {} values, counting what aliases repeat; make it smaller",
                    kMaximumNodes);
      throw Stop();
    }
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    if (stack_.empty()) {
      root = std::move(node);
      return;
    }
    Frame& top = stack_.back();
    if (top.node.kind == NodeKind::kSequence) {
      top.node.items.push_back(std::move(node));
    } else if (!top.pending) {
      TakeKey(top, node);
    } else {
      // An empty value has no text of its own: its key shows where it is.
      if (node.kind == NodeKind::kNull) node.place = top.pending->place;
      top.pending->value = std::move(node);
      if (!top.drop) top.node.entries.push_back(std::move(*top.pending));
      top.pending.reset();
    }
  }

  void TakeKey(Frame& map, const Node& key) {
    map.pending = Entry{key.text, key.place, {}};
    map.drop = true;
    if (key.kind != NodeKind::kScalar) {
      mistakes_.Add(key.place, "a key must be a plain word, not {}", Describe(key));
      return;
    }
    if (key.text == "<<" && !key.quoted) {
      mistakes_.Add(key.place, "merge keys (<<) are not supported; write the values out");
      return;
    }
    const auto [first, is_new] = map.keys.emplace(key.text, key.place);
    if (!is_new) {
      mistakes_.Add(key.place, "duplicate key '{}'; it is given in line {} already",
                    Excerpt(key.text), first->second.at.line);
      return;
    }
    map.drop = false;
  }

  const Marks& marks_;
  Mistakes& mistakes_;
  int documents_ = 0;
  size_t nodes_ = 0;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
};

// yaml-cpp's words for the most common slips, made understandable.
std::string Explain(const std::string& message) {
  static const std::map<std::string, std::string> kExplained = {
      {"illegal map value",
       "a ':' where no key can stand; put the text in quotes or fix the indent"},
      {"end of map not found", "the indentation does not fit the lines above"},
      {"end of sequence not found", "the indentation does not fit the list above"},
      {"end of map flow not found", "a '{' is not closed, or a ',' is missing"},
      {"end of sequence flow not found", "a '[' is not closed, or a ',' is missing"},
      {"illegal EOF in scalar", "a quote is not closed"},
      {"unknown token", "a character that must stand in quotes"},
      {"illegal block entry", "a '- ' where no list can stand"},
      {"illegal flow end", "a ']' or '}' that nothing opened"},
      {"the referenced anchor is not defined", "an alias whose anchor is not defined above"},
  };
  for (const auto& [from, to] : kExplained) {
    if (message.starts_with(from)) return to;
  }
  return message;
}

}  // namespace

std::optional<Node> ReadYaml(std::string_view text, Mistakes& mistakes) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);  // A byte order mark.
  if (!CheckText(text, mistakes)) return std::nullopt;
  // Without the trailing blanks, because yaml-cpp takes a quote that is never closed for closed
  // when the file ends in a newline.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  const Marks marks(text);
  Builder builder(marks, mistakes);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    mistakes.Add(marks.At(error.mark), "not valid YAML: {}", Explain(error.msg));
    return std::nullopt;
  } catch (const std::exception& error) {
    mistakes.Add({{1, 1}, {}}, "not valid YAML: {}", Excerpt(error.what()));
    return std::nullopt;
  }
  return std::move(builder.root);
}

}  // namespace holdfast::suite
