"""What the finished site needs beside its text.

* Launch buttons and run instructions for the repository that is being published, if any. The
  address comes from LMGBOOK_REPOSITORY, else from the CI service, else from the git remote
  `origin`. Only a public https address on GitHub or GitLab counts; without one the pages have no
  buttons rather than dead ones. LMGBOOK_JUPYTERHUB adds a button for a JupyterHub. Pages may write
  `{{ run_it_yourself }}`; the words depend on what is known. Where LMGBOOK_LIVE names the commit of
  the generated branch `live` (see `live`), the buttons lead to it, or else to the sources.
* No script for widgets, since the pages hold none.
* Links to other projects' documentation without asking the network: `inventories.yml` names the
  few foreign objects that the book refers to; from it come the small files that intersphinx reads.
* What the theme and its extensions get wrong on the pages, mended: see `mend`.
"""

import os
import re
import subprocess
import zlib
from pathlib import Path

import yaml

# --- launch buttons -----------------------------------------------------------------------------

PUBLIC = re.compile(r"https://(?:github\.com|gitlab\.com)/[\w.-]+/[\w.-]+")
SSH = re.compile(r"(?:ssh://)?git@(github\.com|gitlab\.com)[:/](.+)")


def git(root, *arguments):
    """Output of a git command, or an empty string where it fails."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()


def repository(root, environ=os.environ):
    """Public https address of the repository without `.git`, or None."""
    on_github = environ.get("GITHUB_REPOSITORY")
    candidate = (
        environ.get("LMGBOOK_REPOSITORY")
        or (on_github and f"https://github.com/{on_github}")
        or environ.get("CI_PROJECT_URL")
        or git(root, "remote", "get-url", "origin")
    )
    candidate = SSH.sub(r"https://\1/\2", candidate).removesuffix("/").removesuffix(".git")
    return candidate if PUBLIC.fullmatch(candidate) else None


def branch(root, environ=os.environ):
    """Branch that the buttons name; in a pull request its target, which is where Binder looks."""
    return (
        environ.get("LMGBOOK_BRANCH")
        or environ.get("GITHUB_BASE_REF")
        or environ.get("GITHUB_REF_NAME")
        or environ.get("CI_COMMIT_REF_NAME")
        or git(root, "branch", "--show-current")
        or "main"
    )


def pages(root, environ=os.environ):
    """Address of the published pages without a slash at the end, or "" if it is not known.

    It is LMGBOOK_PAGES, or GitHub's address for the pages of the repository that is being built
    there; no other repository is taken to have any.
    """
    if address := environ.get("LMGBOOK_PAGES", "").rstrip("/"):
        return address
    owner, _, name = environ.get("GITHUB_REPOSITORY", "").partition("/")
    host = f"{owner.lower()}.github.io"
    return owner and f"https://{host}" + (f"/{name}" if name.lower() != host else "")


def commit(root, environ=os.environ):
    """Hash of the commit that is being built, or "" if there are changes since."""
    known = environ.get("GITHUB_SHA") or environ.get("CI_COMMIT_SHA")
    if known or git(root, "status", "--porcelain"):
        return known or ""
    return git(root, "rev-parse", "HEAD")


def live_commit(environ=os.environ):
    """Commit of the branch `live` that belongs to these pages, or "" where none has been made."""
    known = environ.get("LMGBOOK_LIVE", "")
    return known if re.fullmatch("[0-9a-f]{40}", known) else ""


def instructions(url, live=""):
    here = "Every page of numbers is a notebook. Download it with the button at the top of the page"
    if url is None:
        return f"{here}, or run the whole book from its folder with `make book`."
    name = url.rsplit("/", 1)[1]
    source = (
        "The rocket opens the source of the page, in which numbers and references still are names; "
        "the download has them in place. "
    )
    return (
        f"{here}, start it in the browser with the rocket beside it, or run the whole book: "
        f"`git clone {url}`, `cd {name}`, `make book`. {'' if live else source}"
    ).strip()


def leave_out_widgets(app, config):
    config.nb_ipywidgets_js = {}


def set_launch_buttons(app, config):
    url = repository(app.srcdir)
    options = config.html_theme_options
    # Jupyter Book fills in its own repository where the configuration names none
    options["repository_url"] = url or ""
    options["repository_branch"] = live_commit() or branch(app.srcdir)
    options["use_repository_button"] = bool(url)
    options["launch_buttons"] = {}
    if url:
        options["launch_buttons"] = {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "jupyterhub_url": os.environ.get("LMGBOOK_JUPYTERHUB", ""),
        }
        if "github.com" in url:
            options["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
    words = instructions(url, live_commit())
    config.myst_substitutions = {**config.myst_substitutions, "run_it_yourself": words}


# --- links to other projects -------------------------------------------------------------------

INVENTORY = """\
# Sphinx inventory version 2
# Project: {name}
# Version: {version}
# The remainder of this file is compressed using zlib.
"""


def write_inventory(path, name, version, objects):
    lines = [f"{key} {role} 1 {uri} -\n" for key, (role, uri) in sorted(objects.items())]
    head = INVENTORY.format(name=name, version=version).encode()
    path.write_bytes(head + zlib.compress("".join(lines).encode()))


def write_inventories(app, config):
    projects = yaml.safe_load(Path(__file__).with_name("inventories.yml").read_text("utf-8"))
    folder = Path(app.srcdir, "_build", "inventories")
    folder.mkdir(parents=True, exist_ok=True)
    config.intersphinx_mapping = {}
    for name, project in projects.items():
        path = folder / f"{name}.inv"
        write_inventory(path, name, project["version"], project["objects"])
        config.intersphinx_mapping[name] = (project["url"], str(path))


# --- mended pages ------------------------------------------------------------------------------

FIRST_MODE = 'document.documentElement.dataset.mode ||= "auto"'
# extensions write what is no HTML: paragraphs in a summary or around a list, one id many times, ...
REPAIRS = [
    (
        re.compile(r'<p (class="(?:collapsed|expanded) admonition-title">.*?)</p>'),
        r"<span \1</span>",
    ),
    (re.compile(r' id="(?:(?:exercise|solution|proof)-content|proof)"'), ""),
    # read aloud in place of the name of a folded cell
    (re.compile(r'(?<=<summary) aria-label="Toggle hidden content"'), ""),
    (re.compile(r'(<dd class="field-\w+">)<p>(<ul.*?</ul>\n)</p>', re.DOTALL), r"\1\2"),
]
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
FORMULA = re.compile(
    r'([(\[“‘]?)(<span class="math [\w ]*"><math .*?</math></span>)([)\]”’.,;:!?]*)',
    re.DOTALL,
)


def drop_scripts(context):
    seen, kept = set(), []
    for script in context.get("script_files", []):
        filename = getattr(script, "filename", None) or ""
        body = getattr(script, "attributes", {}).get("body", "")
        key = (str(filename), body)
        if key in seen or "thebe" in f"{filename}{body}".lower():
            continue
        seen.add(key)
        kept.append(script)
    context["script_files"] = kept


def keep_together(match):
    """Wrap a formula with the bracket before it and the punctuation after it, if there is any."""
    before, formula, after = match.groups()
    return f'<span class="formula">{match[0]}</span>' if before or after else formula


def follow_branch(context):
    """Let the button of a hub name the branch: nbgitpuller takes no commits (its issue 239)."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("text") == "JupyterHub" and live_commit():
                button["url"] = button["url"].replace(f"branch={live_commit()}", "branch=live")


def mend(app, pagename, templatename, context, doctree):
    drop_scripts(context)
    follow_branch(context)
    if body := context.get("body"):
        body = body.replace('role="doc-biblioentry"', 'role="listitem"')
        for pattern, better in REPAIRS:
            body = pattern.sub(better, body)
        # ... and style sheets of sliders in the middle of a page
        context["metatags"] = context.get("metatags", "") + "".join(STYLE.findall(body))
        body = FORMULA.sub(keep_together, STYLE.sub("", body))
        # for a highlighter of code that these pages do not have
        context["body"] = body.replace('"math notranslate nohighlight"', '"math notranslate"')


def setup(app):
    app.connect("config-inited", leave_out_widgets)
    app.connect("config-inited", set_launch_buttons)
    # intersphinx normalises its mapping in the same event, at priority 800
    app.connect("config-inited", write_inventories, priority=100)
    # a page must not log an error because no colour mode has been chosen yet
    app.add_js_file(None, body=FIRST_MODE)
    # after the extensions that add the scripts
    app.connect("html-page-context", mend, priority=900)
