// Runs a fuzz target without libFuzzer: every seed as it is, then seeded mutations of them for a
// fixed number of rounds. HOLDFAST_FUZZ_ROUNDS and HOLDFAST_SEED change both.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/random.h"
#include "harness/base/strings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace holdfast {
namespace {

constexpr int64_t kRounds = 2000;

void Feed(const std::string& input) {
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

// One to eight small damages: a flipped byte, a cut, a doubled piece, a piece of another seed.
std::string Mutate(std::string text, const std::vector<std::string>& seeds, Random& random) {
  const uint64_t damages = 1 + random.Below(8);
  for (uint64_t i = 0; i < damages; ++i) {
    const size_t at = text.empty() ? 0 : random.Below(text.size());
    const size_t length = text.empty() ? 0 : random.Below(text.size() - at + 1);
    switch (random.Below(6)) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(random.Below(256));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      case 3: {
        const std::string& other = seeds[random.Below(seeds.size())];
        const size_t from = other.empty() ? 0 : random.Below(other.size());
        text.insert(at, other.substr(from, random.Below(64)));
        break;
      }
      case 4:
        text.insert(at, std::string(random.Below(40), "[{\"0-"[random.Below(5)]));
        break;
      default:
        if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << random.Below(8)));
    }
    if (text.size() > (1U << 16U)) text.resize(1U << 16U);
  }
  return text;
}

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : ParseInt(text).value_or(otherwise);
}

int Main(int argc, char** argv) {
  std::vector<std::string> seeds;
  for (int i = 1; i < argc; ++i) {
    std::vector<std::filesystem::path> files{argv[i]};
    if (std::filesystem::is_directory(argv[i])) {
      files.clear();
      for (const auto& entry : std::filesystem::directory_iterator(argv[i]))
        files.push_back(entry.path());
    }
    for (const auto& file : files) {
      const auto text = ReadFile(file);
      if (!text) {
        std::fprintf(stderr, "%s\n", text.error().message.c_str());
        return 1;
      }
      seeds.push_back(*text);
    }
  }
  if (seeds.empty()) {
    std::fputs("no seeds: name files or folders\n", stderr);
    return 1;
  }
  const auto seed = static_cast<uint64_t>(FromEnvironment("HOLDFAST_SEED", 1));
  const int64_t rounds = FromEnvironment("HOLDFAST_FUZZ_ROUNDS", kRounds);
  std::printf("seed %llu, %lld rounds over %zu seeds\n", static_cast<unsigned long long>(seed),
              static_cast<long long>(rounds), seeds.size());
  Feed("");
  for (const std::string& text : seeds)
    Feed(text);
  Random random(seed);
  for (int64_t round = 0; round < rounds; ++round)
    Feed(Mutate(seeds[random.Below(seeds.size())], seeds, random));
  return 0;
}

}  // namespace
}  // namespace holdfast

int main(int argc, char** argv) { return holdfast::Main(argc, argv); }
