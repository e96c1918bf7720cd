using System.Collections.Immutable;
using Sidecar.Configuration;
using Sidecar.Configuration.Documents;

namespace Sidecar.Injector.Injection;

/// <summary>
/// Reads the settings file, YAML or JSON. Closed: an unknown key is an error, and every error is reported at once, with its line.
/// </summary>
public static class SettingsFile
{
    private const int LongestImage = 512;
    private const int LongestVariable = 64;
    private const int LongestValue = 4096;

    /// <summary>Reads it.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="text">Its content.</param>
    /// <param name="builtIn">What is not written.</param>
    /// <returns>The settings, or null with one line per problem.</returns>
    public static (InjectorSettings? Settings, IReadOnlyList<string> Problems) Read(string name, string text, InjectorSettings builtIn)
    {
        var problems = new ProblemList(name);
        var settings = DocumentReader.Read(new ConfigurationSource(name, text), problems) is { } root
            ? new Reader(problems, builtIn).Read(root)
            : builtIn;
        return (problems.ErrorCount == 0 ? settings : null, [.. problems.Errors.Select(static problem => problem.ToString())]);
    }

    private sealed class Reader(ProblemList problems, InjectorSettings builtIn)
    {
        public InjectorSettings Read(ObjectNode root)
        {
            Close(root, "images", "nativeSidecar", "redirectBackend", "defaults", "environment");
            var images = Section(root, "images");
            if (images is not null)
            {
                Close(images, "proxy", "init", "pullPolicy");
            }

            return builtIn with
            {
                ProxyImage = Image(images, "proxy") ?? builtIn.ProxyImage,
                InitImage = Image(images, "init") ?? builtIn.InitImage,
                PullPolicy = Word(images, "pullPolicy", "Always", "IfNotPresent", "Never") ?? builtIn.PullPolicy,
                NativeSidecar = Word(root, "nativeSidecar", "auto", "always", "never") switch
                {
                    "always" => NativeSidecarMode.Always,
                    "never" => NativeSidecarMode.Never,
                    "auto" => NativeSidecarMode.Auto,
                    _ => builtIn.NativeSidecar,
                },
                RedirectBackend = Word(root, "redirectBackend", "nft", "iptables") ?? builtIn.RedirectBackend,
                Defaults = Defaults(Section(root, "defaults")),
                Environment = Environment(Section(root, "environment")),
            };
        }

        private Dictionary<string, string> Defaults(ObjectNode? section)
        {
            var defaults = new Dictionary<string, string>(StringComparer.Ordinal);
            if (section is null)
            {
                return defaults;
            }

            Close(section, [.. SettingKey.All.Select(static key => key.Name)]);
            foreach (var key in SettingKey.All)
            {
                if (Text(section, key.Name) is { } text)
                {
                    defaults[key.Name] = text;
                }
            }

            // The very reader that a pod's settings pass through: what is wrong here would make every pod fail.
            foreach (var problem in SettingsResolver.Resolve(defaults, NoAnnotations, NoAnnotations).Problems)
            {
                problems.Error(section, problem);
            }

            return defaults;
        }

        private ImmutableArray<KeyValuePair<string, string>> Environment(ObjectNode? section)
        {
            var environment = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
            foreach (var (name, node) in section?.Members ?? ImmutableDictionary<string, DocumentNode>.Empty)
            {
                if (name.Length > LongestVariable || !name.StartsWith("OTEL_", StringComparison.Ordinal) || name.AsSpan().ContainsAnyExcept(Characters.OfVariable))
                {
                    problems.Error(node, $"{MessageText.Quote(name)} is not a variable of OpenTelemetry: only names that begin with OTEL_ are passed on");
                }
                else if (Text(section!, name) is { } value)
                {
                    if (value.Length > LongestValue || value.Any(char.IsControl))
                    {
                        problems.Error(node, $"the value is longer than {LongestValue} characters, or has a control character in it");
                    }
                    else if (ProxyEnvironment.UnknownReference(value) is { } reference)
                    {
                        problems.Error(node, $"{MessageText.Quote(reference)} refers to no variable; there are {MessageText.OneOf(ProxyEnvironment.References)}");
                    }

                    environment.Add(new(name, value));
                }
            }

            return environment.ToImmutable();
        }

        private string? Image(ObjectNode? section, string key)
        {
            if (section is null || Text(section, key) is not { } image)
            {
                return null;
            }

            if (image.Length is 0 or > LongestImage || image.AsSpan().ContainsAnyExcept(Characters.OfImage))
            {
                problems.Error(section[key]!, $"{MessageText.Quote(image)} is not the name of an image");
            }

            return image;
        }

        private string? Word(ObjectNode? section, string key, params ReadOnlySpan<string> words)
        {
            if (section is null || Text(section, key) is not { } word)
            {
                return null;
            }

            if (!words.Contains(word))
            {
                problems.Error(section[key]!, $"{MessageText.Quote(word)} is not {MessageText.OneOf(words.ToArray())}");
            }

            return word;
        }

        // A port list of one port is a number to YAML.
        private string? Text(ObjectNode section, string key)
        {
            switch (section[key])
            {
                case null:
                    return null;
                case ScalarNode { Kind: ScalarKind.String or ScalarKind.Number } scalar:
                    return scalar.Text;
                case var other:
                    problems.Error(other, $"{other.Description} stands where a text is expected; quote it");
                    return null;
            }
        }

        private ObjectNode? Section(ObjectNode root, string key)
        {
            switch (root[key])
            {
                case null or ScalarNode { Kind: ScalarKind.Null }:
                    return null;
                case ObjectNode section:
                    return section;
                case var other:
                    problems.Error(other, $"{other.Description} stands where an object is expected");
                    return null;
            }
        }

        private void Close(ObjectNode section, params string[] keys)
        {
            foreach (var (key, node) in section.Members)
            {
                if (!keys.Contains(key))
                {
                    problems.Error(node, $"unknown key {MessageText.Quote(key)}{Suggestion.For(key, keys, problems)}");
                }
            }
        }
    }

    private static readonly IReadOnlyDictionary<string, string> NoAnnotations = ImmutableDictionary<string, string>.Empty;
}
