using System.Text.RegularExpressions;

namespace Sidecar.Proxy.Tests.Architecture;

/// <summary>Rules of the source that a reviewer would otherwise have to remember.</summary>
public sealed partial class SourceRuleTests
{
    // A file above the limit stands here with its reason, or is split.
    private static readonly string[] LongFiles = [];

    [Fact]
    public void TrimAndAotWarnings_AreNeverSuppressed()
    {
        var violations = RepositoryFiles.CSharp("src").Where(file => Suppression().IsMatch(File.ReadAllText(file))).Select(RepositoryFiles.Relative);

        Assert.Empty(violations);
    }

    [Fact]
    public void ProjectFiles_DoNotSuppressTrimAndAotWarnings()
    {
        var violations = Directory.EnumerateFiles(RepositoryFiles.Root, "*.*", SearchOption.TopDirectoryOnly)
            .Concat(Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "src"), "*.csproj", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".props" or ".targets" or ".csproj" or ".globalconfig")
            .Where(file => ProjectSuppression().IsMatch(File.ReadAllText(file)))
            .Select(RepositoryFiles.Relative);

        Assert.Empty(violations);
    }

    [Fact]
    public void Files_OfTheSource_StayUnder300Lines()
    {
        var violations = RepositoryFiles.CSharp("src")
            .Select(file => (Path: RepositoryFiles.Relative(file), Lines: File.ReadLines(file).Count()))
            .Where(file => file.Lines > 300 && !LongFiles.Contains(file.Path))
            .Select(file => $"{file.Path}: {file.Lines} lines");

        Assert.Empty(violations);
    }

    [Fact]
    public void Types_OfTheSource_AvoidNamesThatSayNothing()
    {
        var violations =
            from file in RepositoryFiles.CSharp("src")
            from Match type in EmptyName().Matches(File.ReadAllText(file))
            select $"{RepositoryFiles.Relative(file)}: {type.Groups[1].Value}";

        Assert.Empty(violations);
    }

    [Fact]
    public void Files_OfTheSource_HaveNoUnfinishedMarks()
    {
        var violations = RepositoryFiles.CSharp("src").Where(file => Unfinished().IsMatch(File.ReadAllText(file))).Select(RepositoryFiles.Relative);

        Assert.Empty(violations);
    }

    [Fact]
    public void Namespaces_OfTheSource_FollowTheFolders()
    {
        var violations =
            from file in RepositoryFiles.CSharp("src")
            let path = RepositoryFiles.Relative(file)
            let declared = NamespaceLine().Match(File.ReadAllText(file))
            where declared.Success
            let expected = string.Join('.', path.Split('/')[1..^1])
            where declared.Groups[1].Value != expected
            select $"{path}: {declared.Groups[1].Value}";

        Assert.Empty(violations);
    }

    [GeneratedRegex(@"UnconditionalSuppressMessage|#pragma\s+warning\s+disable\s+IL")]
    private static partial Regex Suppression();

    [GeneratedRegex(@"NoWarn[^<]*>[^<]*IL\d{4}|IL\d{4}\.severity|SuppressTrimAnalysisWarnings|SuppressAotAnalysisWarnings|IlcSuppress")]
    private static partial Regex ProjectSuppression();

    [GeneratedRegex(@"\b(?:class|struct|interface|record|enum)\s+(\w*(?:Manager|Helper|Helpers|Utils|Util|Service|Base|Impl|Common))\b(?!\s*=)")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
