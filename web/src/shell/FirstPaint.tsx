/** The same grey geometry that index.html paints before any script has run, kept until there is something to show. */
export function FirstPaint() {
  return (
    <div className="first-paint first-paint-on" aria-hidden="true">
      <div className="first-paint-bar" />
      <div className="first-paint-side" />
      <div className="first-paint-main">
        <div className="first-paint-title" />
        <div className="first-paint-tiles">
          {["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => (
            <i key={name} />
          ))}
        </div>
        <div className="first-paint-chart" />
      </div>
    </div>
  );
}
