"""Settings of the JupyterLab under test: loopback only, no token, no pop-ups."""

from pathlib import Path

c = get_config()  # noqa: F821
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.ServerApp.disable_check_xsrf = True
c.IdentityProvider.token = ""
c.LabApp.expose_app_in_browser = True  # publishes `jupyterapp` to the page
c.LabApp.extension_manager = "readonly"
c.LabApp.app_settings_dir = str(Path(__file__).parents[2] / "scripts" / "lab_settings")  # as `make lab` has it
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.KernelManager.transport_encryption = "auto"
c.LanguageServerManager.autodetect = False
