/** The element of the joined script, and what the scripts in it share. */
interface InjectedScript extends HTMLScriptElement {
  /** The URL inside the app that `href` means, if it is on this origin and outside of the app. */
  strayed: (href: string) => string | undefined;
}
