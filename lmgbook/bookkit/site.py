"""Launch buttons and run instructions for the repository that is being published, if any.

The address comes from LMGBOOK_REPOSITORY, else from the CI service, else from the git remote
`origin`. Only a public https address on GitHub or GitLab counts; without one the pages have no
buttons rather than dead ones. LMGBOOK_JUPYTERHUB adds a button for a JupyterHub.

Pages may write `{{ run_it_yourself }}`; the words depend on what is known.
"""

import os
import re
import subprocess

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
    return (
        environ.get("LMGBOOK_BRANCH")
        or environ.get("GITHUB_REF_NAME")
        or environ.get("CI_COMMIT_REF_NAME")
        or git(root, "branch", "--show-current")
        or "main"
    )


def instructions(url):
    here = "Every page of numbers is a notebook. Download it with the button at the top of the page"
    if url is None:
        return f"{here}, or run the whole book from its folder with `make book`."
    name = url.rsplit("/", 1)[1]
    return (
        f"{here}, start it in the browser with the rocket beside it, or run the whole book: "
        f"`git clone {url}`, `cd {name}`, `make book`."
    )


def configure(app, config):
    url = repository(app.srcdir)
    options = config.html_theme_options
    # Jupyter Book fills in its own repository where the configuration names none
    options["repository_url"] = url or ""
    options["repository_branch"] = branch(app.srcdir)
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
    config.myst_substitutions = {**config.myst_substitutions, "run_it_yourself": instructions(url)}


def setup(app):
    app.connect("config-inited", configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
